'use strict';
// A small WHIP server on werift, which has nothing of rtpgate: it sends back what comes. It says
// where offers are posted.
const http = require('http');
const werift = require('werift');

const calls = new Map();

// werift has no codecs of its own to offer: what is offered is taken.
const codecs = {
  audio: [new werift.RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48000, channels: 2 })],
  video: [new werift.RTCRtpCodecParameters({ mimeType: 'video/VP8', clockRate: 90000, rtcpFeedback: [{ type: 'nack', parameter: 'pli' }] })],
};

async function gathered(pc) {
  while (pc.iceGatheringState !== 'complete')
    await new Promise((resolve) => {
      pc.addEventListener('icegatheringstatechange', resolve, { once: true });
    });
}

async function answer(offer) {
  const pc = new werift.RTCPeerConnection({ codecs });
  pc.onRemoteTransceiverAdded.subscribe(async (transceiver) => {
    const [track] = await transceiver.onTrack.asPromise();
    await transceiver.sender.replaceTrack(track);
    track.onReceiveRtp.once(() => transceiver.receiver.sendRtcpPLI(track.ssrc));
  });
  await pc.setRemoteDescription({ type: 'offer', sdp: offer });
  for (const transceiver of pc.getTransceivers()) transceiver.setDirection('sendrecv');
  await pc.setLocalDescription(await pc.createAnswer());
  await gathered(pc);
  return pc;
}

async function serve(request, response) {
  if (request.method === 'DELETE') {
    await calls.get(request.url).close();
    calls.delete(request.url);
    response.end();
    return;
  }
  let offer = '';
  for await (const part of request) offer += part;
  const pc = await answer(offer);
  const place = `/call/${calls.size}-${Date.now()}`;
  calls.set(place, pc);
  response.writeHead(201, { 'Content-Type': 'application/sdp', Location: place });
  response.end(pc.localDescription.sdp);
}

const server = http.createServer((request, response) => {
  serve(request, response).catch((error) => {
    response.writeHead(500);
    response.end(String(error));
  });
});
server.listen(0, '127.0.0.1', () => console.log(`open http://127.0.0.1:${server.address().port}`));
process.on('SIGTERM', () => process.exit(0));
