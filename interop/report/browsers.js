'use strict';
// What the hellos of browsers must offer, and how they differ from those that the unit tests know.
const fs = require('fs');
const path = require('path');
const { Record } = require('../record.js');
const { first, differences } = require('./hello.js');

const DATA = path.join(__dirname, '../../tests/data');
const BROWSERS = ['chromium', 'firefox'];

// A file of datagrams, one a line, in hex.
function known(peer) {
  const file = path.join(DATA, `clienthello-${peer}.hex`);
  if (!fs.existsSync(file)) return null;
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter((line) => /^[0-9a-f]/.test(line));
  return first(lines.map((line) => Buffer.from(line, 'hex')));
}

// [outcome, detail]
function judge(hello) {
  if (!hello) return ['FAIL', 'no hello of it was captured in a case with keys where we are the server'];
  if (!hello.versions.includes('DTLS 1.2')) return ['FAIL', `it offers ${hello.versions.join(', ')}`];
  return ['ok', `${hello.versions.join(', ')}; ${hello.bytes} bytes in datagrams of ${hello.datagrams.join(' + ')}`];
}

// A case for each browser that was met.
function checkHellos({ peers }) {
  for (const { peer, version, hello } of peers.filter((one) => BROWSERS.includes(one.peer))) {
    const [outcome, detail] = judge(hello);
    new Record({ peer, version, column: 'keys', title: 'its hello offers DTLS 1.2', role: 'server' }).end(outcome, detail);
  }
}

// What is new in each hello that the unit tests know.
function compare({ peers }) {
  for (const peer of peers) {
    const old = peer.hello && known(peer.peer);
    if (old) peer.changes = differences(old, peer.hello);
  }
}

module.exports = { checkHellos, compare, judge, known };
