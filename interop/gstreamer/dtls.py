"""
Plays one remote with GStreamer's dtlssrtpdec and dtlssrtpenc as associate does with rtpgate: it
takes the same options and the same commands, and prints the same facts. Whether a certificate is
the expected one is the application's business with GStreamer; this one closes when it is not.
"""
import argparse
import hashlib
import socket
import ssl
import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[1]))
from packets import Media, is_report  # noqa: E402

CAPS = {False: "application/x-rtp", True: "application/x-rtcp"}
ALERT = 21  # the content type of a record
SRTP_AUTH = {1: "AES128_CM_SHA1_32", 2: "AES128_CM_SHA1_80"}


def say(*words):
    print(*words, flush=True)


def fingerprint(pem):
    begin = pem.index("-----BEGIN CERTIFICATE-----")
    der = ssl.PEM_cert_to_DER_cert(pem[begin:pem.index("-----END CERTIFICATE-----") + 25])
    return "sha-256 " + hashlib.sha256(der).digest().hex(":").upper()


def read(buffer):
    return buffer.extract_dup(0, buffer.get_size())


class Association:
    """A pair of dtlssrtpdec and dtlssrtpenc, with what goes in and what comes out of them."""

    def __init__(self, remote, number, role, identity):
        self.remote, self.role = remote, role
        pem = Path(identity).read_text()
        say("local", fingerprint(pem))
        self.name = f"association{number}"
        self.decoder = self.add("dtlssrtpdec", "decoder", pem=pem, connection_id=self.name)
        self.encoder = self.add("dtlssrtpenc", "encoder", connection_id=self.name,
                                is_client=role == "client", rtp_sync=False)
        self.network = self.source("network", None, self.decoder.get_static_pad("sink"))
        self.sink(self.encoder.get_static_pad("src"), remote.send)
        self.sink(self.decoder.get_static_pad("rtp_src"), remote.media.take)
        self.sink(self.decoder.get_static_pad("rtcp_src"), remote.media.take)
        self.sink(self.decoder.request_pad_simple("data_src"), self.take_data)
        self.media = {report: self.source(caps, caps, self.encoder.request_pad_simple(pad))
                      for (report, caps), pad in zip(CAPS.items(), ("rtp_sink_0", "rtcp_sink_0"))}
        self.data = self.source("data", None, self.encoder.request_pad_simple("data_sink"))
        self.dtls = [self.inner(self.decoder, "dtlsdec"), self.inner(self.encoder, "dtlsenc")]
        self.keys_missing = 2
        self.dtls[0].connect("on-key-received", self.on_key)
        self.dtls[1].connect("on-key-received", self.on_key)
        self.dtls[0].connect("notify::connection-state", self.on_state)
        for element in remote.pipeline.children:
            element.sync_state_with_parent()

    def add(self, factory, name, **properties):
        element = Gst.ElementFactory.make(factory, f"{self.name}-{name}")
        for key, value in properties.items():
            element.set_property(key.replace("_", "-"), value)
        self.remote.pipeline.add(element)
        return element

    @staticmethod
    def inner(parent, factory):
        return next(child for child in parent.children if child.get_factory().name == factory)

    def source(self, name, caps, pad):
        element = self.add("appsrc", name.replace("/", "-"), format=Gst.Format.TIME,
                           do_timestamp=True, is_live=True)
        if caps:
            element.set_property("caps", Gst.Caps.from_string(caps))
        element.get_static_pad("src").link(pad)
        return element

    def sink(self, pad, take):
        element = self.add("appsink", pad.name, emit_signals=True, sync=False, **{"async": False})
        element.connect("new-sample", self.on_sample, take)
        pad.link(element.get_static_pad("sink"))

    @staticmethod
    def on_sample(element, take):
        take(read(element.emit("pull-sample").get_buffer()))
        return Gst.FlowReturn.OK

    @staticmethod
    def push(element, payload):
        element.emit("push-buffer", Gst.Buffer.new_wrapped(payload))

    @staticmethod
    def take_data(payload):
        say("data", payload.decode().rstrip("\n"))

    def close(self):
        for source in (*self.media.values(), self.data):
            source.emit("end-of-stream")

    def on_key(self, _element):
        self.keys_missing -= 1
        if self.keys_missing == 0:
            GLib.idle_add(self.remote.on_keys, self)

    def on_state(self, element, _what):
        GLib.idle_add(self.remote.on_state, self, element.get_property("connection-state"))

    def peer(self):
        return fingerprint(self.dtls[0].get_property("peer-pem"))

    def print_keys(self):
        # dtlsdec declares its own key as caps; srtpdec asks for it by a signal.
        caps = self.inner(self.decoder, "srtpdec").emit("request-key", 0)
        theirs = read(caps.get_structure(0).get_value("srtp-key"))
        ours = read(self.dtls[1].get_property("encoder-key"))
        client, server = (ours, theirs) if self.role == "client" else (theirs, ours)
        say("remote", self.peer())
        say("profile", SRTP_AUTH[int(self.dtls[0].get_property("srtp-auth"))])
        say("keymat", (client[:16] + server[:16] + client[16:] + server[16:]).hex())


class Remote:
    """One socket, the newest association on it, and the media of all of them."""

    def __init__(self, options):
        self.expected = options.fingerprint
        self.media = Media(options.role)
        self.pipeline = Gst.Pipeline.new()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", options.port if options.role == "server" else 0))
        self.address = ("127.0.0.1", options.port) if options.role == "client" else None
        say("port", self.socket.getsockname()[1])
        self.loop = GLib.MainLoop()
        self.end = "limit"
        self.count = 0
        self.closing = False
        self.associate(options.role, options.identity)
        self.pipeline.set_state(Gst.State.PLAYING)
        GLib.io_add_watch(self.socket.fileno(), GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN,
                          self.receive)
        GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                          self.obey)
        GLib.timeout_add(options.limit, self.loop.quit)

    def associate(self, role, identity):
        self.count += 1
        self.association = Association(self, self.count, role, identity)

    def send(self, datagram):
        if self.address:
            self.socket.sendto(datagram, self.address)
        if self.closing and datagram[0] == ALERT:
            GLib.idle_add(self.finish, "closed")

    def receive(self, *_):
        datagram, self.address = self.socket.recvfrom(2048)
        self.association.push(self.association.network, datagram)
        return True

    def on_keys(self, association):
        if not self.expected:
            say("state unverified")
        elif association.peer() != self.expected:
            self.finish("failed")
        else:
            say("state ready")
            association.print_keys()
            say("association", self.count)

    def on_state(self, association, state):
        if association is self.association and state.value_nick == "failed":
            self.finish("failed")
        if association is self.association and state.value_nick == "closed" and not self.closing:
            say("closed by the peer")
            self.finish("closed")

    def send_media(self):
        packet = self.media.next()
        self.association.push(self.association.media[is_report(packet)], packet)
        return self.media.made < self.media.wanted

    def obey(self, *_):
        line = sys.stdin.readline()
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "data":
            self.association.push(self.association.data, rest.encode() + b"\n")
        elif word == "media":
            idle = self.media.made == self.media.wanted
            self.media.want(*(int(number) for number in rest.split()))
            if idle:
                GLib.timeout_add(1, self.send_media)
        elif word == "expect":
            self.expected = rest
            self.on_keys(self.association)
        elif word == "restart":
            role, identity, self.expected = rest.split(" ", 2)
            self.associate(role, identity)
        elif line:
            sys.exit(f"ERROR: {line} is not a command")
        else:
            self.closing = True
            self.association.close()
            # When the other side closes at the same time no alert leaves.
            GLib.timeout_add(500, self.finish, "closed")
        return bool(line)

    def finish(self, end):
        self.end = end
        self.loop.quit()

    def play(self):
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        self.media.print()
        say("end", self.end)
        return 0 if self.end == "closed" else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("client", "server"))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fingerprint")
    parser.add_argument("--identity", required=True)
    parser.add_argument("--profile", choices=("AES128_CM_SHA1_80",))
    parser.add_argument("--limit", type=int, default=20000)
    Gst.init([])
    sys.exit(Remote(parser.parse_args()).play())


main()
