// What SRTP costs with pion/srtp, in the lines that ../bench_srtp.c writes, over the same packets.
// Usage: pion time | pion heap COUNT
package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v2"
)

const (
	room    = 1300
	batch   = 256
	batches = 24
)

type profile struct {
	name    string
	number  srtp.ProtectionProfile
	keyLen  int
	saltLen int
}

var profiles = []profile{
	{"AEAD_AES_128_GCM", srtp.ProtectionProfileAeadAes128Gcm, 16, 12},
	{"AES128_CM_SHA1_80", srtp.ProtectionProfileAes128CmHmacSha1_80, 16, 14},
	{"AES128_CM_SHA1_32", srtp.ProtectionProfileAes128CmHmacSha1_32, 16, 14},
}

// Both directions of an association.
type contexts struct {
	outbound, inbound *srtp.Context
	rtp               rtp.Header
	rtcp              rtcp.Header
}

func open(p profile) *srtp.Context {
	key := make([]byte, p.keyLen)
	salt := make([]byte, p.saltLen)
	for i := range key {
		key[i] = byte(7*i + 1)
	}
	context, err := srtp.CreateContext(key, salt, p.number, srtp.SRTPReplayProtection(1024),
		srtp.SRTCPReplayProtection(128))
	if err != nil {
		log.Fatal(err)
	}
	return context
}

func openBoth(p profile) *contexts {
	return &contexts{outbound: open(p), inbound: open(p)}
}

func must(packet []byte, err error) []byte {
	if err != nil {
		log.Fatal(err)
	}
	return packet
}

type kind struct {
	name    string
	length  int
	header  func(packet []byte, sequence uint16)
	protect func(c *contexts, room, plain []byte) ([]byte, error)
	open    func(c *contexts, room, sealed []byte) ([]byte, error)
}

func rtpKind(length int) kind {
	return kind{
		name:   strconv.Itoa(length),
		length: length,
		header: func(packet []byte, sequence uint16) {
			copy(packet, []byte{0x80, 96, byte(sequence >> 8), byte(sequence), 0, 0, 0, 0, 1, 2, 3, 4})
		},
		protect: func(c *contexts, room, plain []byte) ([]byte, error) {
			return c.outbound.EncryptRTP(room, plain, &c.rtp)
		},
		open: func(c *contexts, room, sealed []byte) ([]byte, error) {
			return c.inbound.DecryptRTP(room, sealed, &c.rtp)
		},
	}
}

func rtcpKind(length int) kind {
	return kind{
		name:   "RTCP " + strconv.Itoa(length),
		length: length,
		header: func(packet []byte, _ uint16) {
			copy(packet, []byte{0x80, 201, 0, 24, 1, 2, 3, 4})
		},
		protect: func(c *contexts, room, plain []byte) ([]byte, error) {
			return c.outbound.EncryptRTCP(room, plain, &c.rtcp)
		},
		open: func(c *contexts, room, sealed []byte) ([]byte, error) {
			return c.inbound.DecryptRTCP(room, sealed, &c.rtcp)
		},
	}
}

func cpuNanoseconds() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func run(p profile, k kind) {
	var plain, sealed [batch][]byte
	var opened []byte
	c := openBoth(p)
	for i := range plain {
		plain[i] = make([]byte, k.length, room)
		sealed[i] = make([]byte, 0, room)
	}
	room := make([]byte, 0, room)
	var protect, unprotect int64
	var sequence uint16
	for round := 0; round <= batches; round++ {
		for i := range plain {
			k.header(plain[i], sequence)
			sequence++
		}
		begin := cpuNanoseconds()
		for i := range plain {
			sealed[i] = must(k.protect(c, sealed[i][:0], plain[i]))
		}
		middle := cpuNanoseconds()
		for i := range plain {
			opened = must(k.open(c, room, sealed[i]))
		}
		end := cpuNanoseconds()
		if len(opened) != k.length {
			log.Fatal("the last packet did not come back")
		}
		if round > 0 { // the first warms up
			protect += middle - begin
			unprotect += end - middle
		}
	}
	fmt.Printf("pion;%s;%s;protect;%.1f\n", p.name, k.name, float64(protect)/(batch*batches))
	fmt.Printf("pion;%s;%s;unprotect;%.1f\n", p.name, k.name, float64(unprotect)/(batch*batches))
}

func memory() float64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}

func heap(p profile, count int) {
	room := make([]byte, 0, room)
	all := make([]*contexts, count)
	before := memory()
	for i := range all {
		all[i] = openBoth(p)
	}
	made := memory()
	for _, c := range all {
		for _, k := range []kind{rtpKind(100), rtcpKind(100)} {
			plain := make([]byte, k.length)
			k.header(plain, 1)
			must(k.open(c, room, must(k.protect(c, nil, plain))))
		}
	}
	inUse := memory()
	fmt.Printf("pion;%s;made;heap;%.0f\n", p.name, (made-before)/float64(count))
	fmt.Printf("pion;%s;in use;heap;%.0f\n", p.name, (inUse-before)/float64(count))
	runtime.KeepAlive(all)
}

func main() {
	count := 0
	if len(os.Args) == 3 && os.Args[1] == "heap" {
		count, _ = strconv.Atoi(os.Args[2])
	}
	if count < 1 && (len(os.Args) != 2 || os.Args[1] != "time") {
		log.Fatal("usage: pion time | heap COUNT")
	}
	for _, p := range profiles {
		if count > 0 {
			heap(p, count)
			continue
		}
		for _, k := range []kind{rtpKind(100), rtpKind(500), rtpKind(1200), rtcpKind(100)} {
			run(p, k)
		}
	}
}
