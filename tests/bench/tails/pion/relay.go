package main

import (
	"math/rand"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/packetio"
)

// A network between two ends that loses datagrams by a seed and delays the others.
type relay struct {
	loss  float64
	delay time.Duration
	sent  int64 // datagrams, by both ends

	mutex  sync.Mutex // random
	random *rand.Rand
}

// One end of a relay, as the net.Conn that pion wants.
type end struct {
	relay *relay
	inbox *packetio.Buffer
	peer  *end
}

func newRelay(seed int64, loss float64, delay time.Duration) (*relay, *end, *end) {
	r := &relay{loss: loss, delay: delay, random: rand.New(rand.NewSource(seed))}
	a := &end{relay: r, inbox: packetio.NewBuffer()}
	b := &end{relay: r, inbox: packetio.NewBuffer(), peer: a}
	a.peer = b
	return r, a, b
}

func (r *relay) loses() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.random.Float64() < r.loss
}

func (e *end) Write(datagram []byte) (int, error) {
	atomic.AddInt64(&e.relay.sent, 1)
	if !e.relay.loses() {
		copied := append([]byte(nil), datagram...)
		// An end that is closed, or that has 4 MB waiting, loses the datagram like the network.
		time.AfterFunc(e.relay.delay, func() { _, _ = e.peer.inbox.Write(copied) })
	}
	return len(datagram), nil
}

func (e *end) Read(datagram []byte) (int, error)  { return e.inbox.Read(datagram) }
func (e *end) Close() error                       { return e.inbox.Close() }
func (e *end) SetReadDeadline(t time.Time) error  { return e.inbox.SetReadDeadline(t) }
func (e *end) SetDeadline(t time.Time) error      { return e.inbox.SetReadDeadline(t) }
func (e *end) SetWriteDeadline(t time.Time) error { return nil } // a write never waits
func (e *end) LocalAddr() net.Addr                { return &net.UDPAddr{} }
func (e *end) RemoteAddr() net.Addr               { return &net.UDPAddr{} }
