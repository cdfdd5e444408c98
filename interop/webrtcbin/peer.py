"""Connections of GStreamer's webrtcbin, with a tone and a test picture."""
import asyncio

import gi
import lines

for library in ('Gst', 'GstSdp', 'GstWebRTC'):
    gi.require_version(library, '1.0')
from gi.repository import Gst, GstSdp, GstWebRTC  # noqa: E402

PIPELINE = """
webrtcbin name=rtc bundle-policy=max-bundle latency=0
audiotestsrc is-live=true ! opusenc ! rtpopuspay pt=96
    ! application/x-rtp,media=audio,payload=96,encoding-name=OPUS,clock-rate=48000 ! rtc.
videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=15/1
    ! vp8enc deadline=1 ! rtpvp8pay pt=97
    ! application/x-rtp,media=video,payload=97,encoding-name=VP8,clock-rate=90000 ! rtc.
"""
PROFILES = {(1, 2): 'SRTP_AES128_CM_SHA1_80', (1, 1): 'SRTP_AES128_CM_SHA1_32'}
DECODERS = {'audio': 'rtpopusdepay ! opusdec', 'video': 'rtpvp8depay ! vp8dec'}
SINK = ' ! fakesink name=sink signal-handoffs=true sync=false'


class Connection:
    def __init__(self, options):
        self.received = {'audio': 0, 'video': 0}
        self.understood = 0
        self.pipeline = Gst.parse_launch(PIPELINE)
        self.rtc = self.pipeline.get_by_name('rtc')
        self.rtc.connect('pad-added', self.play)
        self.pipeline.set_state(Gst.State.PLAYING)

    def play(self, _, pad):
        """What comes is decoded; packets and pictures are counted."""
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        kind = pad.get_current_caps().get_structure(0).get_string('media')
        pad.add_probe(Gst.PadProbeType.BUFFER, self.count_packet, kind)
        player = Gst.parse_bin_from_description(DECODERS[kind] + SINK, True)
        if kind == 'video':
            player.get_by_name('sink').connect('handoff', self.count_picture)
        self.pipeline.add(player)
        player.sync_state_with_parent()
        pad.link(player.get_static_pad('sink'))

    def count_packet(self, pad, info, kind):
        self.received[kind] += 1
        return Gst.PadProbeReturn.OK

    def count_picture(self, *_):
        self.understood += 1

    async def ask(self, signal, *given):
        """Emits a signal that answers with a promise."""
        promise = Gst.Promise.new()
        self.rtc.emit(signal, *given, promise)
        await asyncio.to_thread(promise.wait)
        return promise.get_reply()

    async def offer(self, options=None):
        reply = await self.ask('create-offer', None)
        await self.ask('set-local-description', reply.get_value('offer'))
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        while self.rtc.get_property('ice-gathering-state') != complete:
            await asyncio.sleep(0.01)
        return self.rtc.get_property('local-description').sdp.as_text()

    async def accept(self, sdp):
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        await self.ask('set-remote-description', answer)

    def elements(self, factory):
        """The elements of a kind within webrtcbin."""
        iterator, found = self.rtc.iterate_recurse(), []
        while True:
            result, element = iterator.next()
            if result != Gst.IteratorResult.OK:
                return found
            if element.get_factory() and element.get_factory().get_name() == factory:
                found.append(element)

    def transport(self):
        """What its transport knows, in the words of getStats; it does not tell the version."""
        state = self.rtc.emit('get-transceiver', 0).get_property('sender').get_property('transport').get_property('state')
        known = {'dtlsState': state.value_nick, 'tlsVersion': 'not told'}
        for decoder in self.elements('dtlsdec'):
            ciphers = decoder.get_property('srtp-cipher'), decoder.get_property('srtp-auth')
            if ciphers in PROFILES:
                known['srtpCipher'] = PROFILES[ciphers]
        for encoder in self.elements('dtlsenc'):
            known['dtlsRole'] = 'client' if encoder.get_property('is-client') else 'server'
        return known

    async def reports(self):
        """The kinds of reports that came by RTCP; of bundled media the statistics hold one alone."""
        stats = await self.ask('get-stats', None)
        kinds = [stats.get_value(stats.nth_field_name(i)).get_value('type').value_nick for i in range(stats.n_fields())]
        return {kind: {} for kind in kinds if kind.startswith('remote-') and kind.endswith('bound-rtp')}

    async def sample(self):
        transport = self.transport()
        return {
            'dtls': transport['dtlsState'],
            'transport': transport,
            'understood': self.understood,
            **{f'inbound-rtp {kind}': {'packetsReceived': count} for kind, count in self.received.items()},
            **await self.reports(),
        }

    async def close(self):
        await asyncio.to_thread(self.pipeline.set_state, Gst.State.NULL)


Gst.init(None)
asyncio.run(lines.serve(Connection, f'GStreamer {".".join(map(str, Gst.version()[:3]))}'))
