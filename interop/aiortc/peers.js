'use strict';
// aiortc: WebRTC in Python, with OpenSSL's DTLS and a libsrtp of its own.
const { startProcess } = require('../ice/process.js');

exports.peers = [{
  name: 'aiortc',
  start: () => startProcess(__dirname),
  lanes: 4,
  profiles: ['AES128_CM_SHA1_80'],
  lacking: 'AEAD_AES_128_GCM',
  restart: 'ignoredAssociation',
  quirks: { server: { refusal: null, deaf: true }, client: { refusal: null, deaf: true } }, // it goes without a word
  datagrams: { server: [2, 2], client: [2, 2] },
}];
