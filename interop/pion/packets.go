package main

import "encoding/binary"

const (
	packetsMax    = 1000
	reportEvery   = 20
	firstSequence = 65440
	ssrcClient    = 0x636c6965
	ssrcServer    = 0x73657276
)

// The packets of known content that a side sends, as in ../packets.h.
type traffic struct {
	ssrc, packets, octets uint32
	index                 int
}

func newTraffic(client bool) *traffic {
	if client {
		return &traffic{ssrc: ssrcClient}
	}
	return &traffic{ssrc: ssrcServer}
}

func (t *traffic) rtp() []byte {
	most := uint32(160)
	if t.packets%8 == 0 {
		most = 1200
	}
	packet := make([]byte, 12+1+t.packets*211%most)
	packet[0] = 0x80
	binary.BigEndian.PutUint16(packet[2:], uint16(firstSequence+t.packets))
	binary.BigEndian.PutUint32(packet[4:], t.octets)
	binary.BigEndian.PutUint32(packet[8:], t.ssrc)
	for i := range packet[12:] {
		packet[12+i] = byte(int(t.packets)*7 + i*13)
	}
	t.packets++
	t.octets += uint32(len(packet) - 12)
	return packet
}

func (t *traffic) report() []byte {
	packet := make([]byte, 28)
	packet[0], packet[1], packet[3] = 0x80, 200, 6
	for i, word := range []uint32{t.ssrc, 0x83aa7e80 + t.packets, 0, t.octets, t.packets, t.octets} {
		binary.BigEndian.PutUint32(packet[4+4*i:], word)
	}
	return packet
}

func (t *traffic) next() []byte {
	t.index++
	if t.index%reportEvery == 0 {
		return t.report()
	}
	return t.rtp()
}

func (t *traffic) all() map[string]int {
	known := map[string]int{}
	for i := 0; i < packetsMax; i++ {
		known[string(t.next())] = i
	}
	return known
}
