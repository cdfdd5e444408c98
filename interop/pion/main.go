// Plays one remote with pion/dtls and pion/srtp as associate does with rtpgate: it takes the same
// options and the same commands, and prints the same facts.
package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

type options struct {
	role        string
	port        int
	profiles    []string
	fingerprint string
	identity    string
	interval    time.Duration
	limit       time.Duration
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil || value < 0 {
		log.Fatalf("%q is not a number", text)
	}
	return value
}

func readRole(word string) string {
	if word != "client" && word != "server" {
		log.Fatalf("%q is not a role", word)
	}
	return word
}

func readOptions(arguments []string) *options {
	if len(arguments)%2 == 0 {
		log.Fatal("usage: pion client|server [OPTION VALUE]...")
	}
	o := &options{role: readRole(arguments[0]), interval: time.Second, limit: 20 * time.Second}
	for i := 1; i < len(arguments); i += 2 {
		value := arguments[i+1]
		switch arguments[i] {
		case "--port":
			o.port = number(value)
		case "--profile":
			o.profiles = append(o.profiles, value)
		case "--fingerprint":
			o.fingerprint = value
		case "--identity":
			o.identity = value
		case "--retransmission":
			o.interval = time.Duration(number(value)) * time.Millisecond
		case "--limit":
			o.limit = time.Duration(number(value)) * time.Millisecond
		default:
			log.Fatalf("there is no option %q", arguments[i])
		}
	}
	return o
}

func (o *options) certificate() tls.Certificate {
	certificate, err := tls.LoadX509KeyPair(o.identity, o.identity)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("local", fingerprint(certificate.Certificate[0]))
	return certificate
}

func (r *remote) obey(line string) {
	words := strings.SplitN(line, " ", 4)
	rest := strings.TrimPrefix(line, words[0]+" ")
	switch {
	case words[0] == "data":
		r.send(rest + "\n")
	case words[0] == "media" && len(words) == 3:
		r.media.want(number(words[1]), number(words[2]))
	case words[0] == "expect":
		r.expected <- rest
	case words[0] == "restart" && len(words) == 4:
		r.options.role, r.options.identity = readRole(words[1]), words[2]
		r.options.fingerprint = words[3]
		r.associate()
	default:
		log.Fatalf("%q is not a command", line)
	}
}

func (r *remote) obeyAll() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		r.obey(lines.Text())
	}
	r.close()
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("ERROR: ")
	r := newRemote(readOptions(os.Args[1:]))
	r.associate()
	go r.receive()
	go r.obeyAll()
	end := "limit"
	select {
	case end = <-r.ended:
	case <-time.After(r.options.limit):
	}
	r.media.print()
	fmt.Println("end", end)
	if end != "closed" {
		os.Exit(1)
	}
}
