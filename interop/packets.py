"""The packets of known content that a side sends, as in packets.h."""
import struct

REPORT_EVERY = 20
FIRST_SEQUENCE = 65440
PACKETS_MAX = 1000
SSRC = {"client": 0x636C6965, "server": 0x73657276}


def is_report(packet):
    return 192 <= packet[1] <= 223


def packets(role):
    """All packets of one side, in order."""
    ssrc, count, octets = SSRC[role], 0, 0
    for index in range(PACKETS_MAX):
        if index % REPORT_EVERY == REPORT_EVERY - 1:
            words = (0x80C80006, ssrc, 0x83AA7E80 + count, 0, octets, count, octets)
            yield struct.pack(">7I", *words)
            continue
        length = 1 + count * 211 % (1200 if count % 8 == 0 else 160)
        payload = bytes((count * 7 + i * 13) % 256 for i in range(length))
        sequence = (FIRST_SEQUENCE + count) % 65536
        yield struct.pack(">HHII", 0x8000, sequence, octets, ssrc) + payload
        count, octets = count + 1, octets + length


class Media:
    """What goes out and what has come."""

    def __init__(self, role):
        self.ours = list(packets(role))
        other = "server" if role == "client" else "client"
        self.known = {packet: i for i, packet in enumerate(packets(other))}
        self.made = self.wanted = self.least = 0
        self.seen = set()
        self.sent, self.received = [0, 0], [0, 0]
        self.repeated = self.strange = 0

    def want(self, more, least):
        self.wanted += more
        self.least = least
        self.tell_enough()

    def next(self):
        packet = self.ours[self.made]
        self.made += 1
        self.sent[is_report(packet)] += 1
        if self.made == self.wanted:
            print("media-sent", self.made, flush=True)
        return packet

    def take(self, packet):
        number = self.known.get(packet)
        if number is None:
            self.strange += 1
        elif number in self.seen:
            self.repeated += 1
        else:
            self.seen.add(number)
            self.received[is_report(packet)] += 1
            self.tell_enough()

    def tell_enough(self):
        if 0 < self.least <= len(self.seen):
            print("media-received", len(self.seen), flush=True)
            self.least = 0

    def print(self):
        for name in "sent", "received":
            rtp, rtcp = getattr(self, name)
            print(f"rtp-{name} {rtp}\nrtcp-{name} {rtcp}")
        print(f"repeated {self.repeated}\nstrange {self.strange}", flush=True)
