// What a handshake of pion/dtls costs, on the terms of ../pairs.h, on one processor.
// Usage: pion time COUNT    a row: name, microseconds of the processor a handshake
//
//	pion heap COUNT    rows: name, bytes of heap and stacks an established peer
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/dtls/v2/pkg/crypto/elliptic"
	"github.com/pion/dtls/v2/pkg/crypto/selfsign"
	"github.com/pion/srtp/v2"
	"github.com/pion/transport/packetio"
)

const warm = 20

// One end of a queue in memory, as the net.Conn that pion wants.
type end struct {
	inbox, outbox *packetio.Buffer
}

func (e end) Write(datagram []byte) (int, error) { return e.outbox.Write(datagram) }
func (e end) Read(datagram []byte) (int, error)  { return e.inbox.Read(datagram) }
func (e end) Close() error                       { return e.inbox.Close() }
func (e end) SetReadDeadline(t time.Time) error  { return e.inbox.SetReadDeadline(t) }
func (e end) SetDeadline(t time.Time) error      { return e.inbox.SetReadDeadline(t) }
func (e end) SetWriteDeadline(time.Time) error   { return nil } // a write never waits
func (e end) LocalAddr() net.Addr                { return &net.UDPAddr{} }
func (e end) RemoteAddr() net.Addr               { return &net.UDPAddr{} }

type pair [2]*dtls.Conn

func config(own, peer tls.Certificate) *dtls.Config {
	expected := sha256.Sum256(peer.Certificate[0])
	return &dtls.Config{
		Certificates:            []tls.Certificate{own},
		CipherSuites:            []dtls.CipherSuiteID{dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		EllipticCurves:          []elliptic.Curve{elliptic.X25519},
		SRTPProtectionProfiles:  []dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80},
		ExtendedMasterSecret:    dtls.RequireExtendedMasterSecret,
		ClientAuth:              dtls.RequireAnyClientCert,
		InsecureSkipVerify:      true, // the fingerprint takes the place of a CA
		InsecureSkipVerifyHello: true, // as in WebRTC
		VerifyConnection: func(state *dtls.State) error {
			if sha256.Sum256(state.PeerCertificates[0]) != expected {
				return errors.New("wrong fingerprint")
			}
			return nil
		},
	}
}

func keys(conn *dtls.Conn) []byte {
	state := conn.ConnectionState()
	exported, err := state.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 60)
	if err != nil {
		log.Fatal(err)
	}
	return exported
}

func meet(client, server *dtls.Config) (p pair) {
	a, b := packetio.NewBuffer(), packetio.NewBuffer()
	var failures [2]error
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		p[0], failures[0] = dtls.Client(end{a, b}, client)
	}()
	go func() {
		defer both.Done()
		p[1], failures[1] = dtls.Server(end{b, a}, server)
	}()
	both.Wait()
	if failures[0] != nil || failures[1] != nil || !bytes.Equal(keys(p[0]), keys(p[1])) {
		log.Fatal("a handshake failed: ", failures)
	}
	return p
}

// Contexts of both directions; the key does not matter.
func contexts() (all [2]*srtp.Context) {
	for i := range all {
		context, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12),
			srtp.ProtectionProfileAeadAes128Gcm, srtp.SRTPReplayProtection(1024),
			srtp.SRTCPReplayProtection(128))
		if err != nil {
			log.Fatal(err)
		}
		all[i] = context
	}
	return all
}

// Passes RTP and RTCP through them.
func use(all [2]*srtp.Context) {
	sealed, err := all[0].EncryptRTP(nil, []byte{0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, nil)
	if err == nil {
		_, err = all[1].DecryptRTP(nil, sealed, nil)
	}
	if err == nil {
		sealed, err = all[0].EncryptRTCP(nil, []byte{0x80, 201, 0, 1, 0, 0, 0, 0}, nil)
	}
	if err == nil {
		_, err = all[1].DecryptRTCP(nil, sealed, nil)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func (p pair) part() {
	_ = p[0].Close()
	_ = p[1].Close()
}

func run(client, server *dtls.Config, count int) {
	for i := 0; i < count; i++ {
		meet(client, server).part()
	}
}

func processorTime() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1000
}

func memory() float64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc + stats.StackInuse)
}

func main() {
	runtime.GOMAXPROCS(1)
	count := 0
	if len(os.Args) == 3 {
		count, _ = strconv.Atoi(os.Args[2])
	}
	if count < 1 || os.Args[1] != "time" && os.Args[1] != "heap" {
		log.Fatal("usage: pion time COUNT | heap COUNT")
	}
	ours, err := selfsign.GenerateSelfSigned()
	if err != nil {
		log.Fatal(err)
	}
	theirs, err := selfsign.GenerateSelfSigned()
	if err != nil {
		log.Fatal(err)
	}
	client, server := config(ours, theirs), config(theirs, ours)
	run(client, server, warm)
	if os.Args[1] == "time" {
		began := processorTime()
		run(client, server, count)
		fmt.Printf("pion\t%.2f\n", (processorTime()-began)/float64(count))
		return
	}
	before := memory()
	pairs := make([]pair, count)
	for i := range pairs {
		pairs[i] = meet(client, server)
	}
	fmt.Printf("pion\t%.0f\n", (memory()-before)/float64(2*count))
	media := make([][2]*srtp.Context, 2*count)
	for i := range media {
		media[i] = contexts()
	}
	fmt.Printf("pion, with SRTP\t%.0f\n", (memory()-before)/float64(2*count))
	for _, all := range media {
		use(all)
	}
	fmt.Printf("pion, with SRTP in use\t%.0f\n", (memory()-before)/float64(2*count))
	runtime.KeepAlive(pairs)
	runtime.KeepAlive(media)
}
