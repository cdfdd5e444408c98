package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/transport/packetio"
)

var errFingerprint = errors.New("another fingerprint was expected")

// One remote on one port: the association in use, and the media of all of them.
type remote struct {
	options  *options
	socket   *net.UDPConn
	media    *media
	expected chan string
	ended    chan string

	mutex sync.Mutex // what follows
	peer  *net.UDPAddr
	inbox *packetio.Buffer // of the newest association
	conn  *dtls.Conn       // the newest that is ready
	count int              // of those that were ready

	tellOnce sync.Once
	alerted  chan struct{} // from our Close on: closed when the close_notify has left
}

// What an association reads and writes: the DTLS of the socket.
type end struct {
	*packetio.Buffer
	remote *remote
}

func (e *end) Write(datagram []byte) (int, error) {
	e.remote.write(e.Buffer, datagram)
	return len(datagram), nil
}

// While pion closes, its reader closes this, too, and what comes first is chance.
func (e *end) Close() error {
	if alerted := e.remote.parting(); alerted != nil {
		select {
		case <-alerted:
		case <-time.After(time.Second):
		}
	}
	return e.Buffer.Close()
}

func (e *end) LocalAddr() net.Addr  { return e.remote.socket.LocalAddr() }
func (e *end) RemoteAddr() net.Addr { return e.remote.socket.LocalAddr() }

func (e *end) SetDeadline(t time.Time) error      { return e.SetReadDeadline(t) }
func (e *end) SetWriteDeadline(t time.Time) error { return nil } // a write never waits

func newRemote(o *options) *remote {
	local := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	r := &remote{options: o, expected: make(chan string), ended: make(chan string, 8)}
	if o.role == "server" {
		local.Port = o.port
	} else {
		r.peer = &net.UDPAddr{IP: local.IP, Port: o.port}
	}
	var err error
	if r.socket, err = net.ListenUDP("udp4", local); err != nil {
		log.Fatal(err)
	}
	r.media = newMedia(o.role == "client", func(packet []byte) { r.write(nil, packet) })
	fmt.Println("port", r.socket.LocalAddr().(*net.UDPAddr).Port)
	return r
}

// An association that is no longer the newest writes nothing.
func (r *remote) write(from *packetio.Buffer, datagram []byte) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.peer != nil && (from == nil || from == r.inbox) {
		_, _ = r.socket.WriteToUDP(datagram, r.peer) // otherwise as if it were lost
	}
	if from != nil && r.alerted != nil {
		r.tellOnce.Do(func() { close(r.alerted) })
	}
}

func (r *remote) receive() {
	for {
		datagram := make([]byte, 2048)
		length, from, err := r.socket.ReadFromUDP(datagram)
		if err != nil {
			log.Fatal(err)
		}
		switch first := datagram[0]; {
		case first >= 20 && first <= 63:
			r.mutex.Lock()
			r.peer = from
			_, _ = r.inbox.Write(datagram[:length])
			r.mutex.Unlock()
		case first >= 128 && first <= 191:
			r.media.take(datagram[:length])
		}
	}
}

func fingerprint(certificate []byte) string {
	sum := sha256.Sum256(certificate)
	return "sha-256 " + strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

func (r *remote) config() *dtls.Config {
	expected := r.options.fingerprint
	c := &dtls.Config{
		Certificates:         []tls.Certificate{r.options.certificate()},
		ExtendedMasterSecret: dtls.RequireExtendedMasterSecret,
		ClientAuth:           dtls.RequireAnyClientCert,
		InsecureSkipVerify:   true, // as in WebRTC: fingerprints take the place of a CA
		FlightInterval:       r.options.interval,
		VerifyPeerCertificate: func(seen [][]byte, _ [][]*x509.Certificate) error {
			if expected != "" && fingerprint(seen[0]) != expected {
				return errFingerprint
			}
			return nil
		},
	}
	for _, name := range r.options.profiles {
		c.SRTPProtectionProfiles = append(c.SRTPProtectionProfiles, numbered(name).profile)
	}
	return c
}

func (r *remote) associate() {
	e := &end{packetio.NewBuffer(), r}
	config := r.config()
	play := dtls.Server
	if r.options.role == "client" {
		play = dtls.Client
	}
	client, verified := r.options.role == "client", r.options.fingerprint != ""
	r.mutex.Lock()
	r.inbox = e.Buffer
	r.mutex.Unlock()
	r.media.expectKeys()
	go func() {
		conn, err := play(e, config)
		if err != nil {
			r.fail(err)
			return
		}
		r.use(e, conn, client, verified)
	}()
}

func (r *remote) fail(err error) {
	fmt.Println("failed", err)
	r.ended <- "failed"
}

func (r *remote) use(e *end, conn *dtls.Conn, client, verified bool) {
	state := conn.ConnectionState()
	if !verified {
		fmt.Println("state unverified")
		if <-r.expected != fingerprint(state.PeerCertificates[0]) {
			_ = conn.Close()
			r.fail(errFingerprint)
			return
		}
	}
	r.mutex.Lock()
	r.conn = conn
	r.count++
	count := r.count
	r.mutex.Unlock()
	fmt.Println("state ready")
	fmt.Println("remote", fingerprint(state.PeerCertificates[0]))
	r.useKeys(conn, client)
	fmt.Println("association", count)
	r.read(conn)
}

func (r *remote) useKeys(conn *dtls.Conn, client bool) {
	selected, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		fmt.Println("profile none")
		return
	}
	p := profileOf(selected)
	state := conn.ConnectionState()
	keys, err := state.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 2*(p.key+p.salt))
	if err != nil {
		log.Fatal(err)
	}
	r.media.useKeys(p, keys, client)
	fmt.Println("profile", p.name)
	fmt.Printf("keymat %x\n", keys)
}

func (r *remote) read(conn *dtls.Conn) {
	for {
		text := make([]byte, 2048)
		length, err := conn.Read(text)
		if errors.Is(err, io.EOF) && r.parting() != nil {
			return // before the close_notify has left, as pion does it
		}
		if errors.Is(err, io.EOF) {
			fmt.Println("closed by the peer")
			r.ended <- "closed"
			return
		}
		if err != nil {
			r.fail(err)
			return
		}
		fmt.Println("data", strings.TrimSuffix(string(text[:length]), "\n"))
	}
}

func (r *remote) send(text string) {
	if _, err := r.newest().Write([]byte(text)); err != nil {
		log.Fatal(err)
	}
}

func (r *remote) close() {
	conn := r.newest()
	r.mutex.Lock()
	r.alerted = make(chan struct{})
	r.mutex.Unlock()
	_ = conn.Close()
	r.ended <- "closed"
}

func (r *remote) parting() chan struct{} {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.alerted
}

func (r *remote) newest() *dtls.Conn {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.conn == nil {
		log.Fatal("there is no association")
	}
	return r.conn
}
