'use strict';
// werift: all of WebRTC in JavaScript, without codecs. It sends packets that are made up here.
const version = require('../ice/package.json').dependencies.werift;
const werift = require('werift');
const { connections } = require('../ice/connections.js');
const { sidesOfOwn } = require('../ice/sides.js');

const PAYLOADS = { audio: 100, video: 1000 }; // bytes in a packet
const EVERY = 20; // milliseconds

const opus = new werift.RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48000, channels: 2, payloadType: 96 });
const vp8 = new werift.RTCRtpCodecParameters({ mimeType: 'video/VP8', clockRate: 90000, payloadType: 97 });

const RANDOM = 'it takes the random of any ServerHello into its SRTP keys, also of one for another hello';

// What a network that overtakes or cuts off does to its handshake as server.
const LATE = 'a ClientHello after flight 5 ends its handshake, and a second flight 5 behind one without Finished spoils its master secret';

// With so many datagrams, or inside its flight 4, hellos are repeated.
const SLOW = ['alerts', 'to-client', 'elsewhere', 'protected'];

class Connection extends werift.RTCPeerConnection {
  constructor() {
    super({ codecs: { audio: [opus], video: [vp8] } });
  }
}

// What its packets say, by the number of each.
const payload = (kind, number) => Buffer.alloc(PAYLOADS[kind], `${kind} ${number} `);

function track(kind, payloadType) {
  const made = new werift.MediaStreamTrack({ kind });
  let number = 0;
  const timer = setInterval(() => {
    if (made.stopped) return clearInterval(timer);
    const header = new werift.RtpHeader({ payloadType, sequenceNumber: number % 65536, timestamp: number * 960, ssrc: 1 });
    return made.writeRtp(new werift.RtpPacket(header, payload(kind, number++)));
  }, EVERY);
  return made;
}

// A packet is understood when it is one that was sent, byte for byte.
function watch(pc) {
  let understood = 0;
  pc.onTrack.subscribe((received) => received.onReceiveRtp.subscribe((packet) => {
    const number = Number((packet.payload.toString('latin1', 0, 20).match(/\d+/) || [])[0]);
    understood += packet.payload.equals(payload(received.kind, number));
  }));
  return () => understood;
}

const tracks = async () => [[track('audio', opus.payloadType)], [track('video', vp8.payloadType)]];

async function start() {
  const inside = connections({ RTCPeerConnection: Connection, tracks, watch });
  return { version: `werift ${version}`, open: sidesOfOwn(inside), close: async () => {} };
}

exports.peers = [{
  name: 'werift',
  start,
  lanes: 2, // it computes in JavaScript, all lanes in one process: with more of them it takes seconds to answer
  profiles: ['AES128_CM_SHA1_80', 'AEAD_AES_128_GCM'],
  lacking: 'AEAD_AES_256_GCM',
  iceRestart: false, // it sends no checks after one
  restart: { server: 'ignoredAssociation', client: 'staleKeys' },
  closing: 'theyVanish',
  quirks: {
    server: { alerted: 'connecting', refusal: null, deaf: true },
    client: { alerted: 'connecting', refusal: /silent/, unanswered: true, deaf: true },
  },
  datagrams: { server: [6, 2], client: [8, 3] },
  loses: (role) => role === 'client' && LATE,
  dies: (role, attack) =>
    role === 'client'
      ? SLOW.includes(attack) && 'a ClientHello after the one with the cookie ends its handshake'
      : attack === 'hellos' && RANDOM,
  tires: 'when it is slow it may give its handshake up, though Finished has come',
  mixes: (role) => role === 'server' && RANDOM,
}];
