"""
Plays one remote with rtpengine as associate does with rtpgate: it takes the same options and the
same commands, and prints the same facts. rtpengine stands between DTLS-SRTP and plain RTP, whose
end is here. Its certificate is its own; a client waits for the command "begin PORT".
"""
import argparse
import base64
import itertools
import os
import re
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from packets import Media, is_report  # noqa: E402

PROFILES = {"AES_CM_128_HMAC_SHA1_80": "AES128_CM_SHA1_80",
            "AES_CM_128_HMAC_SHA1_32": "AES128_CM_SHA1_32",
            "AEAD_AES_128_GCM": "AEAD_AES_128_GCM",
            "AEAD_AES_256_GCM": "AEAD_AES_256_GCM"}
KEYS = re.compile(r"--- (\S+) key (\S+) salt (\S+)$")
SETUP = {"client": "passive", "server": "active"}  # what the other side is


def say(*words):
    print(*words, flush=True)


def bencode(value):
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(k) + bencode(v) for k, v in sorted(value.items())) + b"e"


def bdecode(text, at=0):
    """Returns the value that begins there, and where it ends."""
    kind = text[at:at + 1]
    if kind == b"i":
        end = text.index(b"e", at)
        return int(text[at + 1:end]), end + 1
    if kind in b"ld":
        items, at = [], at + 1
        while text[at:at + 1] != b"e":
            item, at = bdecode(text, at)
            items.append(item)
        pairs = zip(items[::2], items[1::2])
        return (items if kind == b"l" else {k.decode(): v for k, v in pairs}), at + 1
    colon = text.index(b":", at)
    end = colon + 1 + int(text[at:colon])
    return text[colon + 1:end], end


def udp():
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    return opened


class Engine:
    """The daemon and its control protocol."""

    def __init__(self):
        self.control = udp()
        with udp() as free:
            self.address = free.getsockname()
        first = 40000 + os.getpid() % 1000 * 20
        self.process = subprocess.Popen(
            ["rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--table=-1",
             "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{self.address[1]}",
             f"--port-min={first}", f"--port-max={first + 19}",
             "--log-level=4", "--log-level-crypto=6", "--log-srtp-keys", "--no-log-timestamps",
             "--num-threads=1"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0)
        self.cookies = itertools.count()
        self.control.settimeout(0.05)
        while self.ask(command="ping")["result"] != b"pong":
            pass

    def ask(self, **words):
        cookie = b"%d" % next(self.cookies)
        request = cookie + b" " + bencode({k.replace("_", "-"): v for k, v in words.items()})
        while self.process.poll() is None:
            self.control.sendto(request, self.address)
            try:
                answer = self.control.recv(65536)
            except (TimeoutError, ConnectionRefusedError):
                continue
            if answer.startswith(cookie + b" "):
                return bdecode(answer, len(cookie) + 1)[0]
        sys.exit("ERROR: rtpengine ended")


class Remote:
    """One call: plain RTP here, DTLS-SRTP there, rtpengine between them."""

    def __init__(self, options):
        self.role, self.expected = options.role, options.fingerprint
        self.limit = time.monotonic() + options.limit / 1000
        self.rtp, self.rtcp = udp(), udp()
        self.media = Media(self.role)
        self.due = None  # when the next packet is
        self.end = None
        self.input = b""
        self.count = 0  # of associations
        self.keys = []
        self.told = None
        self.engine = Engine()
        offer = self.offer()
        say("local", self.attribute(offer, "a=fingerprint:"))
        say("port", self.attribute(offer, "m=audio ").split()[0])
        if self.role == "server":
            self.answer(options.peer_port)

    def offer(self):
        port, rtcp = (opened.getsockname()[1] for opened in (self.rtp, self.rtcp))
        return self.command("offer", self.sdp("RTP/AVP", port, [f"a=rtcp:{rtcp}"]),
                            rtcp_mux=["offer"])

    @staticmethod
    def sdp(protocol, port, attributes):
        return "\r\n".join(["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1",
                            "t=0 0", f"m=audio {port} {protocol} 0", *attributes, ""])

    @staticmethod
    def attribute(sdp, name):
        return next(line[len(name):] for line in sdp.splitlines() if line.startswith(name))

    def command(self, name, sdp, **more):
        tags = {"from_tag": "plain"} if name == "offer" else {"from_tag": "plain", "to_tag": "dtls"}
        other = "UDP/TLS/RTP/SAVPF" if name == "offer" else "RTP/AVP"
        answer = self.engine.ask(command=name, call_id="call", sdp=sdp, transport_protocol=other,
                                 ICE="remove", SDES=["off"], **tags, **more)
        if answer["result"] != b"ok":
            sys.exit(f"ERROR: rtpengine says {answer}")
        return answer["sdp"].decode()

    def answer(self, port):
        plain = self.command("answer", self.sdp("UDP/TLS/RTP/SAVPF", port, [
            "a=rtcp-mux", f"a=setup:{SETUP[self.role]}", f"a=fingerprint:{self.expected}"]))
        self.to_rtp = ("127.0.0.1", int(self.attribute(plain, "m=audio ").split()[0]))
        self.to_rtcp = ("127.0.0.1", int(self.attribute(plain, "a=rtcp:").split()[0]))

    def stream(self):
        """What rtpengine knows of the side that has DTLS."""
        call = self.engine.ask(command="query", call_id="call")
        return call["tags"]["dtls"]["medias"][0]["streams"][0]

    def restart(self, role, fingerprint):
        self.role, self.expected = role, fingerprint
        port = self.stream()["endpoint"]["port"]
        self.offer()
        self.answer(port)

    def listen(self, line):
        """A line of rtpengine's log; keys are told twice, for RTP and for RTCP."""
        keys = KEYS.search(line)
        if "Peer certificate accepted" in line:
            say("remote", self.expected)
        elif "Peer certificate rejected" in line or "DTLS error" in line and not self.count:
            say("failed", line)
            self.end = "failed"
        elif "SRTP keys, incoming" in line:
            self.keys = []
        elif keys:
            self.keys.append([base64.b64decode(text) for text in keys.groups()[1:]])
            if len(self.keys) == 2 and self.keys != self.told:
                self.print_keys(PROFILES[keys[1]])

    def print_keys(self, profile):
        self.told = ours, theirs = self.keys  # the log calls them the other way round
        client, server = (ours, theirs) if self.role == "client" else (theirs, ours)
        self.count += 1
        say("state ready")
        say("profile", profile)
        say("keymat", (client[0] + server[0] + client[1] + server[1]).hex())
        say("association", self.count)

    def send_media(self):
        packet = self.media.next()
        report = is_report(packet)
        (self.rtcp if report else self.rtp).sendto(packet, self.to_rtcp if report else self.to_rtp)
        self.due = time.monotonic() + 0.001 if self.media.made < self.media.wanted else None

    def obey(self, line):
        word, _, rest = line.partition(" ")
        if word == "begin":
            self.answer(int(rest))
        elif word == "restart":
            role, _, fingerprint = rest.split(" ", 2)
            self.restart(role, fingerprint)
        elif word == "media":
            self.media.want(*map(int, rest.split()))
            self.due = time.monotonic()
        else:
            sys.exit(f"ERROR: {line} is not a command")

    def read_input(self):
        byte = os.read(0, 1)
        if not byte:
            say("unauthentic", self.stream()["stats"]["errors"])
            self.engine.ask(command="delete", call_id="call", delete_delay=0)
            self.end = "closed"
        elif byte == b"\n":
            self.obey(self.input.decode())
            self.input = b""
        else:
            self.input += byte

    def step(self):
        log = self.engine.process.stderr
        wait = max(0, self.due - time.monotonic()) if self.due else 0.1
        for ready in select.select([self.rtp, self.rtcp, log, 0], [], [], wait)[0]:
            if ready is log:
                self.listen(log.readline().decode().rstrip())
            elif ready == 0:
                self.read_input()
            else:
                self.media.take(ready.recv(2048))
        if self.due and self.due <= time.monotonic():
            self.send_media()

    def play(self):
        while self.end is None and time.monotonic() < self.limit:
            self.step()
        self.engine.process.terminate()
        self.engine.process.wait()
        self.media.print()
        say("end", self.end or "limit")
        return 0 if self.end == "closed" else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=SETUP)
    parser.add_argument("--fingerprint", required=True)
    parser.add_argument("--peer-port", type=int)  # of a client
    parser.add_argument("--profile")  # it offers all
    parser.add_argument("--identity")  # it has its own
    parser.add_argument("--limit", type=int, default=20000)
    sys.exit(Remote(parser.parse_args()).play())


main()
