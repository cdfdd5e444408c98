// CPU time that protecting and unprotecting one RTP packet takes with pion/srtp: one round, in the
// lines that bench_srtp writes, over the same batches.
package main

import (
	"fmt"
	"log"
	"syscall"

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

func cpuNanoseconds() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func open(p profile) *srtp.Context {
	key := make([]byte, p.keyLen)
	salt := make([]byte, p.saltLen)
	for i := range key {
		key[i] = byte(7*i + 1)
	}
	context, err := srtp.CreateContext(key, salt, p.number, srtp.SRTPReplayProtection(1024))
	if err != nil {
		log.Fatal(err)
	}
	return context
}

func main() {
	for _, p := range profiles {
		for _, length := range []int{100, 500, 1200} {
			run(p, length)
		}
	}
}

func run(p profile, length int) {
	var plain, sealed [batch][]byte
	var opened []byte
	var header rtp.Header
	var err error
	outbound, inbound := open(p), open(p)
	for i := range plain {
		plain[i] = make([]byte, length, room)
		sealed[i] = make([]byte, 0, room)
	}
	room := make([]byte, 0, room)
	var protect, unprotect int64
	var sequence uint16
	for round := 0; round <= batches; round++ {
		for i := range plain {
			copy(plain[i], []byte{0x80, 96, byte(sequence >> 8), byte(sequence), 0, 0, 0, 0, 1, 2, 3, 4})
			sequence++
		}
		begin := cpuNanoseconds()
		for i := range plain {
			if sealed[i], err = outbound.EncryptRTP(sealed[i][:0], plain[i], &header); err != nil {
				log.Fatal(err)
			}
		}
		middle := cpuNanoseconds()
		for i := range plain {
			if opened, err = inbound.DecryptRTP(room, sealed[i], &header); err != nil {
				log.Fatal(err)
			}
		}
		end := cpuNanoseconds()
		if len(opened) != length {
			log.Fatal("the last packet did not come back")
		}
		if round > 0 { // the first warms up
			protect += middle - begin
			unprotect += end - middle
		}
	}
	fmt.Printf("pion;%s;%d;protect;%.1f\n", p.name, length, float64(protect)/(batch*batches))
	fmt.Printf("pion;%s;%d;unprotect;%.1f\n", p.name, length, float64(unprotect)/(batch*batches))
}
