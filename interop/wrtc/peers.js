'use strict';
// @roamhq/wrtc: a libwebrtc of some years ago, as browsers were then.
const version = require('../ice/package.json').dependencies['@roamhq/wrtc'];
const wrtc = require('@roamhq/wrtc');
const { connections } = require('../ice/connections.js');
const { sidesOfOwn } = require('../ice/sides.js');

const { RTCAudioSource, RTCVideoSource } = wrtc.nonstandard;
const AUDIO = { samples: new Int16Array(480), sampleRate: 48000, every: 10 };
const VIDEO = { width: 160, height: 120, every: 66 };
const GREY = 128;

// A picture that changes.
function frame(number) {
  const data = new Uint8ClampedArray(VIDEO.width * VIDEO.height * 1.5).fill(GREY);
  data.fill(number % 256, 0, VIDEO.width * VIDEO.height / 2);
  return { width: VIDEO.width, height: VIDEO.height, data };
}

// One source for all calls, as with a camera.
function sources() {
  const audio = new RTCAudioSource();
  const video = new RTCVideoSource();
  let number = 0;
  setInterval(() => audio.onData(AUDIO), AUDIO.every);
  setInterval(() => video.onFrame(frame(number++)), VIDEO.every);
  return async () => {
    const tracks = [audio.createTrack(), video.createTrack()];
    const stream = new wrtc.MediaStream();
    return tracks.map((track) => [track, stream]);
  };
}

async function start() {
  const inside = connections({ RTCPeerConnection: wrtc.RTCPeerConnection, tracks: sources(), watch: () => undefined });
  return { version: `wrtc ${version}`, open: sidesOfOwn(inside), close: async () => {} };
}

exports.peers = [{
  name: 'wrtc',
  start,
  lanes: 4,
  profiles: ['AES128_CM_SHA1_80'],
  lacking: 'AEAD_AES_128_GCM',
  iceRestart: true,
  restart: 'secondAssociation',
  tlsIds: true,
  datagrams: { server: [2, 2], client: [2, 2] },
}];
