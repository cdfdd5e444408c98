'use strict';
// Which cases are played with a peer: the column of the report, title, case, its options.
// What a peer is and does is said in its peers.js:
//   profiles, lacking    those that it has, and one that it has not
//   datagrams            how many of a handshake can be lost, each way: { server: [up, down], ... }
//   only                 its cases; more: cases beside those of all
//   brief                true: only what a variant of another peer may change
//   iceRestart, tlsIds   what it can
//   restart, closing, checking    the cases that say what it does then
//   loses                why it may end in a lossy network, whatever we do: (role) => reason
//   tires                why it may give a handshake up that we have finished, when it is slow
//   mixes                why it may have other SRTP keys than we after we answered what somebody forged: (role) => reason
//   dies                 why it ends at our answer to what somebody forges: (role, attack) => reason
//   quirks               options of the cases where it is unlike a browser, by our role
const path = require('path');
const cases = require('./cases.js');
const served = require('./served.js');

const LOSSY = { only: 'dtls', 'loss-up': 10, 'loss-down': 10, reorder: 10, duplicate: 10, delay: 30 };
const BAD = '1 of 10 lost, reordered, doubled, delayed';
const FAR = 250; // milliseconds each way
const ATTACKS = ['alerts', 'hellos', 'verify-requests', 'to-client', 'to-server', 'elsewhere', 'fragments', 'records', 'content-types', 'protected'];
const SEEDS = [10, 11, 15, 35]; // each loses datagrams of the first flights

function* handshakes({ profiles, lacking, brief, checking = 'wrongAnswer', quirks = {} }, role, we) {
  const options = { role, ...quirks[role] };
  if (lacking) yield ['no-profile', `${we}, no common profile`, cases.noProfile, { lacking, ...options }];
  for (const profile of brief ? [undefined] : profiles)
    yield ['keys media', `${we}, ${profile || 'default profile'}`, cases.keys, { role, profile }];
  yield ['late', `${we}, fingerprint told after the handshake`, cases.late, { role }];
  yield ['late wrong-fingerprint-of-theirs', `${we}, wrong fingerprint told after the handshake`, cases.lateAndWrong, options];
  yield ['wrong-fingerprint-of-theirs', `${we}, wrong fingerprint of the peer`, cases.wrongExpectation, options];
  yield ['wrong-fingerprint-of-ours', `${we}, wrong fingerprint of ours`, cases[checking], options];
}

function* lives({ iceRestart, tlsIds, restart, closing = 'theyClose' }, role, we) {
  if (iceRestart) yield ['other', `${we}, ICE restart`, cases.iceRestart, { role }];
  yield ['restart', `${we}, second association with a new identity`, cases[restart[role] || restart], { role, iceRestart }];
  if (tlsIds) yield ['restart', `${we}, second association with tls-ids`, cases[restart[role] || restart], { role, tlsIds }];
  yield ['we-close', `${we}, we close`, cases.weClose, { role }];
  yield ['they-close', `${we}, the peer closes`, cases[closing], { role }];
}

function* badNetworks({ datagrams, tires, loses = () => null }, role, we) {
  for (const seed of SEEDS)
    yield ['lossy', `${we}, ${BAD}, seed ${seed}`, cases.lossy, { role, tires, loses: loses(role), disturb: { ...LOSSY, seed } }];
  yield ['far', `${we}, ${FAR} ms away`, cases.far, { role, disturb: { only: 'dtls', far: FAR } }];
  for (const [index, way] of ['up', 'down'].entries())
    for (let n = 1; n <= datagrams[role][index]; n++)
      yield ['drop-each', `${we}, datagram ${n} ${way} lost`, cases.lossy, { role, tires, disturb: { only: 'dtls', [`drop-${way}`]: n } }];
}

// Towards our side, which is behind the proxy in either role, before each datagram but those of the peer's own hello: a
// hello that comes before it ends most clients.
function* attacks({ datagrams, tires, dies = () => null, mixes = () => null }, role, we) {
  for (const attack of ATTACKS) {
    const forgery = { 'forge-up': path.join(process.env.FORGED, `${role}.${attack}`), 'forge-after': role === 'server' ? datagrams.server[0] - 1 : 0 };
    // Our client may be asked for it twice before a slow server has answered.
    const cookie = role === 'client' && attack === 'verify-requests' && 'it may end at a hello with a cookie that it did not ask for';
    yield ['attacked', `${we}, attacked by ${attack}`, cases.attacked, { role, tires, dies: cookie || dies(role, attack), mixes: mixes(role), disturb: { only: 'dtls', ...forgery } }];
  }
}

function* plan(peer) {
  if (peer.only) {
    yield* peer.only;
    return;
  }
  for (const role of ['server', 'client']) {
    const we = `we ${role}`;
    yield* handshakes(peer, role, we);
    if (!peer.brief) yield* lives(peer, role, we);
    yield* badNetworks(peer, role, we);
    if (!peer.brief) yield* attacks(peer, role, we);
  }
  yield* peer.more || [];
}

// With a server of which nothing is known.
function* planServed({ checking }) {
  for (const role of ['server', 'client']) {
    const it = `the server is DTLS ${role}`;
    yield ['keys media', `${it}, media`, served.media, { role }];
    yield ['wrong-fingerprint-of-theirs', `${it}, wrong fingerprint of the peer`, served.wrongExpectation, { role }];
    if (!checking) yield ['wrong-fingerprint-of-ours', `${it}, wrong fingerprint of the server`, served.wrongAnswer, { role }];
    yield ['we-close', `${it}, it closes`, served.itCloses, { role }];
    for (const seed of SEEDS)
      yield ['lossy', `${it}, ${BAD}, seed ${seed}`, served.badNetwork, { role, disturb: { ...LOSSY, seed } }];
    for (const way of ['up', 'down'])
      yield ['drop-each', `${it}, each datagram ${way} lost`, served.eachLost, { role, way }];
  }
}

module.exports = { plan, planServed };
