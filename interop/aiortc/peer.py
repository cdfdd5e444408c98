"""aiortc's connections, with a tone and pictures that are made up here."""
import asyncio
import fractions
import logging
import re

import aiortc
import av
import lines
from OpenSSL import SSL

WIDTH, HEIGHT, RATE, CLOCK = 160, 120, 15, 90000


class Pictures(aiortc.MediaStreamTrack):
    """A few pictures a second, for its encoder is slow."""

    kind = 'video'
    number = 0

    async def recv(self):
        await asyncio.sleep(1 / RATE)
        self.number += 1
        frame = av.VideoFrame(WIDTH, HEIGHT, 'yuv420p')
        for plane in frame.planes:
            plane.update(bytes([self.number % 256]) * plane.buffer_size)
        frame.pts = self.number * CLOCK // RATE
        frame.time_base = fractions.Fraction(1, CLOCK)
        return frame


# What its transport knows, in the words of getStats.
def look_at(transport):
    known = {'dtlsState': transport.state, 'dtlsRole': transport._role}
    if transport.encrypted:
        profile = SSL._lib.SSL_get_selected_srtp_profile(transport.ssl._ssl)
        known['srtpCipher'] = SSL._ffi.string(profile.name).decode()
        known['tlsVersion'] = transport.ssl.get_protocol_version_name()
        known['dtlsCipher'] = transport.ssl.get_cipher_name()
    return known


class Connection:
    def __init__(self, options):
        self.pc = aiortc.RTCPeerConnection()
        self.understood = 0
        self.players = []
        self.pc.on('track', lambda track: self.players.append(asyncio.ensure_future(self.play(track))))
        self.pc.addTrack(aiortc.mediastreams.AudioStreamTrack())
        self.pc.addTrack(Pictures())

    async def play(self, track):
        while True:
            try:
                await track.recv()
            except aiortc.mediastreams.MediaStreamError:
                return
            self.understood += track.kind == 'video'

    async def offer(self, options=None):
        await self.pc.setLocalDescription(await self.pc.createOffer())
        # One number stands for two extensions there, which ends its transport when they come back.
        return re.sub(r'a=extmap:2 .*\r\n', '', self.pc.localDescription.sdp)

    async def accept(self, sdp):
        await self.pc.setRemoteDescription(aiortc.RTCSessionDescription(sdp, 'answer'))

    async def sample(self):
        transport = self.pc.getSenders()[0].transport
        found = {
            'connection': self.pc.connectionState,
            'ice': self.pc.iceConnectionState,
            'dtls': transport.state,
            'transport': look_at(transport),
            'understood': self.understood,
        }
        for report in (await self.pc.getStats()).values():
            if report.type.endswith('bound-rtp'):
                words = ('packetsReceived', 'packetsSent', 'packetsLost')
                found[f'{report.type} {report.kind}'] = {
                    word: getattr(report, word) for word in words if hasattr(report, word)
                }
        return found

    async def close(self):
        await self.pc.close()


logging.disable()  # that ICE ends before it has begun is no news
asyncio.run(lines.serve(Connection, f'aiortc {aiortc.__version__}'))
