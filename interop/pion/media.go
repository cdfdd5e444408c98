package main

import (
	"fmt"
	"log"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/srtp/v2"
)

type profile struct {
	name      string
	profile   dtls.SRTPProtectionProfile
	key, salt int
}

var profiles = []profile{
	{"AEAD_AES_128_GCM", dtls.SRTP_AEAD_AES_128_GCM, 16, 12},
	{"AEAD_AES_256_GCM", dtls.SRTP_AEAD_AES_256_GCM, 32, 12},
	{"AES128_CM_SHA1_80", dtls.SRTP_AES128_CM_HMAC_SHA1_80, 16, 14},
	{"AES128_CM_SHA1_32", dtls.SRTP_AES128_CM_HMAC_SHA1_32, 16, 14},
}

func numbered(name string) profile {
	for _, p := range profiles {
		if p.name == name {
			return p
		}
	}
	log.Fatalf("%q is not a profile", name)
	return profile{}
}

func profileOf(number dtls.SRTPProtectionProfile) profile {
	for _, p := range profiles {
		if p.profile == number {
			return p
		}
	}
	log.Fatalf("%d is not a profile", number)
	return profile{}
}

// What is sent to the other side and came from it, under the keys of any association.
type media struct {
	send func(packet []byte)

	mutex    sync.Mutex // what follows
	traffic  *traffic
	made     int
	wanted   int
	least    int
	known    map[string]int // what the other side may send
	seen     map[int]bool
	outbound *srtp.Context   // of the newest keys
	inbound  []*srtp.Context // newest first
	awaiting bool            // new keys
	held     [][]byte        // until then: what the keys that there are do not fit

	sent, received                          [2]int // RTP, RTCP
	repeated, strange, unauthentic, repeats int
}

func newMedia(client bool, send func(packet []byte)) *media {
	m := &media{send: send, traffic: newTraffic(client), seen: map[int]bool{}}
	m.known = newTraffic(!client).all()
	return m
}

func (m *media) useKeys(p profile, keys []byte, client bool) {
	ours, theirs := keys[:p.key], keys[p.key:2*p.key]
	ourSalt, theirSalt := keys[2*p.key:2*p.key+p.salt], keys[2*p.key+p.salt:]
	if !client {
		ours, theirs, ourSalt, theirSalt = theirs, ours, theirSalt, ourSalt
	}
	outbound, err := srtp.CreateContext(ours, ourSalt, srtp.ProtectionProfile(p.profile))
	if err != nil {
		fmt.Println("no-media", err)
		return
	}
	inbound, err := srtp.CreateContext(theirs, theirSalt, srtp.ProtectionProfile(p.profile),
		srtp.SRTPReplayProtection(1024), srtp.SRTCPReplayProtection(128))
	if err != nil {
		log.Fatal(err)
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.outbound = outbound
	m.inbound = append([]*srtp.Context{inbound}, m.inbound...)
	m.awaiting = false
	for _, packet := range m.held {
		m.decrypt(packet)
	}
	m.held = nil
}

func (m *media) expectKeys() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.awaiting = true
}

func (m *media) take(packet []byte) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.decrypt(packet)
}

func isReport(packet []byte) bool {
	return packet[1] >= 192 && packet[1] <= 223
}

// A number that is new under some keys may be an old one under others.
func (m *media) decrypt(packet []byte) {
	repeated := false
	for _, context := range m.inbound {
		var plain []byte
		var err error
		if isReport(packet) {
			plain, err = context.DecryptRTCP(nil, packet, nil)
		} else {
			plain, err = context.DecryptRTP(nil, packet, nil)
		}
		if err == nil {
			m.count(plain)
			return
		}
		repeated = repeated || strings.Contains(err.Error(), "duplicated")
	}
	switch {
	case m.awaiting:
		m.held = append(m.held, packet)
	case repeated:
		m.repeats++
	default:
		m.unauthentic++
	}
}

func kind(packet []byte) int {
	if isReport(packet) {
		return 1
	}
	return 0
}

func (m *media) count(plain []byte) {
	number, found := m.known[string(plain)]
	switch {
	case !found:
		m.strange++
	case m.seen[number]:
		m.repeated++
	default:
		m.seen[number] = true
		m.received[kind(plain)]++
	}
	m.tellEnough()
}

func (m *media) tellEnough() {
	if m.least > 0 && len(m.seen) >= m.least {
		fmt.Println("media-received", len(m.seen))
		m.least = 0
	}
}

func (m *media) want(more, least int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	idle := m.made == m.wanted
	m.wanted += more
	m.least = least
	m.tellEnough()
	if idle {
		go m.sendAll()
	}
}

func (m *media) sendAll() {
	for m.sendNext() {
		time.Sleep(time.Millisecond)
	}
}

func (m *media) sendNext() bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	plain := m.traffic.next()
	var packet []byte
	var err error
	if isReport(plain) {
		packet, err = m.outbound.EncryptRTCP(nil, plain, nil)
	} else {
		packet, err = m.outbound.EncryptRTP(nil, plain, nil)
	}
	if err != nil {
		log.Fatal(err)
	}
	m.send(packet)
	m.sent[kind(plain)]++
	m.made++
	if m.made == m.wanted {
		fmt.Println("media-sent", m.made)
	}
	return m.made < m.wanted
}

func (m *media) print() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	fmt.Println("rtp-sent", m.sent[0])
	fmt.Println("rtcp-sent", m.sent[1])
	fmt.Println("rtp-received", m.received[0])
	fmt.Println("rtcp-received", m.received[1])
	fmt.Println("repeated", m.repeated)
	fmt.Println("strange", m.strange)
	fmt.Println("unauthentic", m.unauthentic)
	fmt.Println("replayed", m.repeats)
}
