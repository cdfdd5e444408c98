'use strict';
// GStreamer's webrtcbin: ICE of libnice, DTLS of OpenSSL, SRTP of libsrtp.
const { startProcess } = require('../ice/process.js');

exports.peers = [{
  name: 'webrtcbin',
  start: () => startProcess(__dirname),
  lanes: 4,
  profiles: ['AES128_CM_SHA1_80'],
  lacking: 'AEAD_AES_128_GCM',
  checking: 'uncheckedAnswer',
  restart: 'ignoredAssociation',
  closing: 'theyVanish',
  datagrams: { server: [7, 2], client: [7, 2] },
}];
