// The time until both sides of a handshake of pion/dtls have their keys, over networks that lose
// datagrams. pion reads the clock, so this is real time. So that the timers are measured and not how
// busy the machine is, all of them and the link are slowed down alike, and what is measured is divided
// again; and the handshakes of all cells are mixed and started at an even, slow pace.
// Prints rows as ../tails.c does.
// Usage: pion [HANDSHAKES [STARTS_PER_SECOND]]
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/dtls/v2/pkg/crypto/selfsign"
)

const (
	// A handshake that takes longer counts as unfinished, and as this long.
	limit = 20 * time.Second
	// How many times slower than it says everything runs.
	slowness = 20
)

var (
	rtts      = []int{20, 50, 200}     // milliseconds
	losses    = []int{0, 1, 5, 10, 20} // per cent
	intervals = []struct {
		name     string
		interval time.Duration
	}{{"pion, 1 s", time.Second}, {"pion, 50 ms", 50 * time.Millisecond}} // the default, a short one
)

type cell struct {
	name      string
	interval  time.Duration
	rtt, loss int

	mutex     sync.Mutex // what follows
	times     []time.Duration
	datagrams int64
}

func config(certificate tls.Certificate, interval time.Duration) *dtls.Config {
	return &dtls.Config{
		Certificates:            []tls.Certificate{certificate},
		SRTPProtectionProfiles:  []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM},
		ExtendedMasterSecret:    dtls.RequireExtendedMasterSecret,
		ClientAuth:              dtls.RequireAnyClientCert,
		InsecureSkipVerify:      true, // as in WebRTC: fingerprints take the place of a CA
		InsecureSkipVerifyHello: true, // as in WebRTC: ICE has proven the path
		FlightInterval:          slowness * interval,
	}
}

func keys(conn *dtls.Conn) []byte {
	state := conn.ConnectionState()
	keys, err := state.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 56)
	if err != nil {
		return nil
	}
	return keys
}

func agree(a, b *dtls.Conn) bool {
	ours := keys(a)
	return ours != nil && bytes.Equal(ours, keys(b))
}

// Runs one handshake and adds its result to the cell.
func (c *cell) meet(client, server tls.Certificate, seed int64) {
	delay := time.Duration(c.rtt) * time.Millisecond / 2
	wire, a, b := newRelay(seed, float64(c.loss)/100, slowness*delay)
	ctx, cancel := context.WithTimeout(context.Background(), slowness*limit)
	defer cancel()
	began := time.Now()
	var ends [2]*dtls.Conn
	var failures [2]error
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		ends[0], failures[0] = dtls.ServerWithContext(ctx, b, config(server, c.interval))
	}()
	go func() {
		defer both.Done()
		ends[1], failures[1] = dtls.ClientWithContext(ctx, a, config(client, c.interval))
	}()
	both.Wait()
	took := time.Since(began) / slowness
	sent := atomic.LoadInt64(&wire.sent)
	if failures[0] != nil || failures[1] != nil || !agree(ends[0], ends[1]) {
		took = limit
	}
	for _, conn := range ends {
		if conn != nil {
			_ = conn.Close()
		}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.times = append(c.times, took)
	c.datagrams += sent
}

// The least value that `percent` of the sorted times do not exceed, in milliseconds.
func percentile(sorted []time.Duration, percent int) float64 {
	return sorted[(len(sorted)*percent+99)/100-1].Seconds() * 1000
}

func (c *cell) print() {
	sort.Slice(c.times, func(i, j int) bool { return c.times[i] < c.times[j] })
	unfinished := 0
	for _, took := range c.times {
		if took == limit {
			unfinished++
		}
	}
	fmt.Printf("%s\treal\t%d\t%d\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.2f\n", c.name, c.rtt, c.loss,
		len(c.times), unfinished, percentile(c.times, 50), percentile(c.times, 95),
		percentile(c.times, 99), float64(c.datagrams)/float64(len(c.times)))
}

func cells() []*cell {
	var all []*cell
	for _, row := range intervals {
		for _, rtt := range rtts {
			for _, loss := range losses {
				all = append(all, &cell{name: row.name, interval: row.interval, rtt: rtt, loss: loss})
			}
		}
	}
	return all
}

// Starts the handshakes of all cells at an even pace and waits until the last has ended.
func run(all []*cell, handshakes, pace int) error {
	client, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return err
	}
	server, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return err
	}
	tick := time.NewTicker(time.Second / time.Duration(pace))
	defer tick.Stop()
	var running sync.WaitGroup
	for n := 0; n < handshakes; n++ {
		for _, i := range rand.Perm(len(all)) {
			<-tick.C
			running.Add(1)
			go func(c *cell, seed int64) {
				defer running.Done()
				c.meet(client, server, seed)
			}(all[i], int64(n))
		}
	}
	running.Wait()
	return nil
}

func argument(n, otherwise int) int {
	if len(os.Args) <= n {
		return otherwise
	}
	value, err := strconv.Atoi(os.Args[n])
	if err != nil || value < 1 {
		log.Fatalf("%q is not a number above 0; usage: pion [HANDSHAKES [STARTS_PER_SECOND]]", os.Args[n])
	}
	return value
}

func main() {
	all := cells()
	if err := run(all, argument(1, 1000), argument(2, 500)); err != nil {
		log.Fatal(err)
	}
	for _, c := range all {
		c.print()
	}
}
