'use strict';
// The cases: each proves one thing, and says what it saw.
const { Failure, Skip, ensure, same } = require('./call.js');

// As the peers call the profiles.
const CIPHERS = {
  AES128_CM_SHA1_80: /^(SRTP_)?AES(128_CM|_CM_128)(_HMAC)?_SHA1_80$/,
  AES128_CM_SHA1_32: /^(SRTP_)?AES(128_CM|_CM_128)(_HMAC)?_SHA1_32$/,
  AEAD_AES_128_GCM: /^(SRTP_)?AEAD_AES_128_GCM$/,
  AEAD_AES_256_GCM: /^(SRTP_)?AEAD_AES_256_GCM$/,
};
const DTLS12 = /^(FEFD|DTLSv?\s?1\.2|not told)$/;

const matches = (what, seen, pattern) =>
  ensure(pattern.test(seen), `${what} is ${JSON.stringify(seen)}, expected ${pattern}`);

const received = (theirs, kind) => (theirs[`inbound-rtp ${kind}`] || {}).packetsReceived || 0;
const receivedAll = (theirs) => received(theirs, 'audio') + received(theirs, 'video');

// The peer plays what it gets, each kind, and its counters grow after they were first seen.
async function plays(call, patience) {
  const kinds = ['audio', 'video'].filter((kind) => call.takes(kind));
  const grows = (theirs, before) =>
    kinds.every((kind) => received(theirs, kind) > received(before, kind) + 5) &&
    (!kinds.includes('video') || theirs.understood > (before.understood || 0));
  const first = await call.untilTheirs('media arrives and is decoded', (theirs) => grows(theirs, {}), patience);
  return call.untilTheirs('more media arrives and is decoded', (theirs) => grows(theirs, first));
}

// RTCP of ours is authentic to the peer, for its reports are in the peer's statistics, and the
// peer's is to us.
async function reports(call) {
  await call.untilTheirs('reports arrive', (theirs) =>
    Object.keys(theirs).some((name) => /^remote-(in|out)bound-rtp/.test(name)));
  return call.untilOurs('reports arrive', (ours) => ours.media.rtcpUnprotected > 0 && ours.counts.srtcp.out > 0);
}

const clean = (ours) => {
  same('our authentication failures', ours.media.authFailures, 0);
  same('our malformed packets', ours.media.malformed, 0);
  same('our replayed packets', ours.media.replays, 0);
};

function agreed(ours, theirs, profile) {
  same("the peer's dtlsState", theirs.transport.dtlsState, 'connected');
  matches("the peer's srtpCipher", theirs.transport.srtpCipher, CIPHERS[profile]);
  matches("the peer's tlsVersion", theirs.transport.tlsVersion, DTLS12);
  same('our state', ours.state, 'ready');
  same('our profile', ours.profile, profile);
  same('our DTLS', ours.dtls, 'DTLS 1.2');
  same('the fingerprint that was proven', ours.provenFingerprint, ours.offeredFingerprint);
}

// Everything that a good call has.
async function good(call, profile, role, patience) {
  const theirs = await plays(call, patience);
  const ours = await reports(call);
  agreed(ours, theirs, profile);
  same('our role', ours.role, role);
  same("the peer's role", theirs.transport.dtlsRole, role === 'server' ? 'client' : 'server');
  same('a=setup of the answer', call.setup, role === 'server' ? 'passive' : 'active');
  clean(ours);
  return { ours, theirs };
}

const seen = ({ ours, theirs }) =>
  `${theirs.transport.srtpCipher}, ${receivedAll(theirs)} RTP back, ` +
  `${theirs.understood} understood, RTCP ${ours.counts.srtcp.in} in ${ours.counts.srtcp.out} out`;

async function keys({ talk, role, profile }) {
  const call = await talk.open({ query: { role, profiles: profile } });
  const result = await good(call, profile || (await profileOf(call)), role);
  same('what the peer offered', result.ours.offeredFingerprint.toUpperCase(), call.fingerprint.toUpperCase());
  return seen(result);
}

// The keys are withheld until the fingerprint is known.
async function withhold(talk, role, wrongOffer) {
  const call = await talk.open({ query: { role, fingerprint: 'late' }, wrongOffer });
  const before = await call.untilOurs('the handshake runs to its end', (ours) => ours.state === 'unverified');
  same('what we decrypted before', before.media.rtpUnprotected, 0);
  same('what we sent before', before.counts.srtp.out, 0);
  await call.untilOurs('media comes before the fingerprint', (ours) => ours.counts.srtp.in > 0);
  return call;
}

// What came before the fingerprint is not lost.
async function late({ talk, role }) {
  const call = await withhold(talk, role);
  await call.repeat({ role });
  const result = await good(call, await profileOf(call), role);
  ensure(result.ours.media.held > 0, 'no media was held');
  return `${result.ours.media.held} packets waited for the fingerprint; ${seen(result)}`;
}

// The peer speaks DTLS 1.3 alone. As client we hear of it, as server we see it.
const VERSION = { client: /protocol_version/, server: /does not speak DTLS 1\.2; it offers 0xfefc/ };

async function noVersion({ talk, role }) {
  const call = await talk.open({ query: { role } });
  const ours = await refused(call, VERSION[role]);
  await silent(call);
  return ours.error.slice(0, 90);
}

// That the assertions of a good call can fail: each of these calls lacks one thing.
async function control({ talk }) {
  const lacking = async (query, profile, role, pattern) => {
    const call = await talk.open({ query: { role: 'server', ...query } });
    const reason = await good(call, profile, role, 3000).then(() => 'nothing', (error) => error.message);
    ensure(pattern.test(reason), `a bad call was taken for a good one, or for another bad one: ${reason}`);
    return reason;
  };
  const gcm = { profiles: 'AEAD_AES_128_GCM' };
  const reasons = await Promise.all([
    lacking({ ...gcm, fault: 'mute' }, 'AEAD_AES_128_GCM', 'server', /media arrives/),
    lacking(gcm, 'AEAD_AES_256_GCM', 'server', /srtpCipher/),
    lacking(gcm, 'AEAD_AES_128_GCM', 'client', /role/),
  ]);
  return `no echo, another cipher and another role were each noticed (${reasons[0]})`;
}

// Nobody may have media after a refusal.
async function silent(call) {
  const theirs = await call.theirs();
  const ours = await call.ours();
  same('what the peer received', receivedAll(theirs), 0);
  same('what we decrypted', ours.media.rtpUnprotected, 0);
  same('what we sent', ours.counts.srtp.out, 0);
  ensure(!theirs.transport.srtpCipher || theirs.transport.dtlsState !== 'connected', 'the peer has keys');
}

async function refused(call, pattern) {
  const ours = await call.untilOurs('the association fails', (mine) => mine.state === 'failed');
  ensure(pattern.test(ours.error), `our sentence is: ${ours.error}`);
  return ours;
}

const TOLD = 'failed'; // the dtlsState of who takes an alert for what it is

// We wait for a certificate that the peer does not have. alerted: the dtlsState that our alert
// brings about, where it is another one.
async function wrongExpectation({ talk, role, alerted = TOLD }) {
  const call = await talk.open({ query: { role }, wrongOffer: true });
  const ours = await refused(call, /fingerprint|certificate/i);
  await call.untilTheirs('it is told', (theirs) => theirs.transport.dtlsState === alerted);
  await silent(call);
  return ours.error.slice(0, 90);
}

// What came before a fingerprint that the peer does not have is never decrypted. deaf: the peer does
// not hear alerts after the handshake.
async function lateAndWrong({ talk, role, deaf }) {
  const call = await withhold(talk, role, true);
  await call.repeat({ role });
  const ours = await refused(call, /fingerprint/);
  const states = deaf ? ['connected'] : ['failed', 'closed'];
  const theirs = await call.untilTheirs('it is told', ({ transport }) => states.includes(transport.dtlsState));
  same('what the peer received', receivedAll(theirs), 0);
  same('what we decrypted', ours.media.rtpUnprotected, 0);
  same('what we sent', ours.counts.srtp.out, 0);
  return `dtlsState ${theirs.transport.dtlsState}; ${ours.error.slice(0, 90)}`;
}

// The peer waits for a certificate that we do not have. refusal: how we hear of it; null: not at all.
async function wrongAnswer({ talk, role, refusal = /alert/i }) {
  const call = await talk.open({ query: { role }, wrongAnswer: true });
  await call.untilTheirs('it fails', (theirs) => theirs.transport.dtlsState === TOLD);
  const ours = refusal ? await refused(call, refusal) : await call.untilOurs('there are keys', (mine) => mine.state === 'ready');
  await silent(call);
  return ours.error.slice(0, 90) || 'the peer gives up without a word';
}

// The same with a peer that looks at no fingerprint.
async function uncheckedAnswer({ talk, role }) {
  const call = await talk.open({ query: { role }, wrongAnswer: true });
  return `the peer does not look: ${seen(await good(call, await profileOf(call), role))}`;
}

// unanswered: the peer does not even refuse our hello.
async function noProfile({ talk, role, lacking, unanswered }) {
  const call = await talk.open({ query: { role, profiles: lacking } });
  const ours = await refused(call, unanswered ? /answer/ : /profile|use_srtp/i);
  await silent(call);
  return ours.error.slice(0, 90);
}

// A peer that mixes two handshakes up, or gives its own up when it is slow, has finished ours, and not a packet of it is authentic.
async function unlessItsOwn(error, call, { mixes, tires }) {
  const [ours, theirs] = await Promise.all([call.ours(), call.theirs()]).catch(() => [{}, {}]);
  const finished = ours.state === 'ready' && ours.media.rtpUnprotected === 0;
  if (mixes && finished && ours.handshakesTried > 1 && ours.media.authFailures > 0) throw new Skip(`${mixes}, which we answered since it was slow`);
  if (tires && finished && theirs.transport.dtlsState === 'failed') throw new Skip(tires);
  throw error;
}

// The handshake heals whatever the proxy does to its datagrams; media flows as if nothing had been.
async function lossy({ talk, role, loses, tires }) {
  if (loses) throw new Skip(loses);
  const call = await talk.open({ query: { role } });
  const result = await good(call, await profileOf(call), role).catch((error) => unlessItsOwn(error, call, { tires }));
  ensure(call.proxy && call.proxy.lost > 0, 'no datagram was lost');
  const { handshakeMicroseconds, retransmissions } = result.ours;
  return `${call.proxy.lost} lost, ${retransmissions} repetitions of ours, ${(handshakeMicroseconds / 1000).toFixed(1)} ms`;
}

// No timer of either side's knows how long the way is.
async function far({ talk, role }) {
  const call = await talk.open({ query: { role } });
  const { ours } = await good(call, await profileOf(call), role);
  return `${ours.retransmissions} repetitions of ours, ${(ours.handshakeMicroseconds / 1000).toFixed(1)} ms`;
}

// What somebody forges in the peer's name ends nothing.
async function attacked({ talk, role, dies, mixes, tires }) {
  if (dies) throw new Skip(dies);
  const call = await talk.open({ query: { role } });
  const result = await good(call, await profileOf(call), role).catch((error) => unlessItsOwn(error, call, { mixes, tires }));
  ensure(call.proxy && call.proxy.forged >= 3, `forged before ${call.proxy && call.proxy.forged} datagrams`);
  return `forged before ${call.proxy.forged} datagrams; ${seen(result)}`;
}

// New paths, the same association.
async function iceRestart({ talk, role }) {
  const call = await talk.open({ query: { role } });
  const before = await good(call, await profileOf(call), role);
  await call.again({ query: { role }, iceRestart: true });
  await call.untilTheirs('it uses its new ufrag', (theirs) => theirs.ice === 'connected' || theirs.ice === 'completed');
  const after = { theirs: await plays(call), ours: await call.ours() };
  same('how many associations we had', after.ours.associations, 1);
  same('how many offers we answered', after.ours.answers, 2);
  same('the state', after.ours.state, 'ready');
  ensure(after.ours.counts.srtp.in > before.ours.counts.srtp.in, 'no media came after the restart');
  ensure(after.ours.paths > before.ours.paths, 'no path was proven with the new password');
  clean(after.ours);
  return `association kept, ${after.ours.paths} paths, ${seen(after)}`;
}

const profileOf = async (call) => (await call.untilOurs('there are keys', (ours) => ours.profile)).profile;

// RFC 8842: another fingerprint of ours on the same port; media goes on.
async function secondAssociation({ talk, role, tlsIds }) {
  const call = await talk.open({ query: { role }, tlsId: tlsIds && 'a'.repeat(24) });
  const before = await good(call, await profileOf(call), role);
  await call.again({ query: { role, identity: 'new' }, iceRestart: true, tlsId: tlsIds && 'b'.repeat(24) });
  await call.untilOurs('the second association is ready', (ours) => ours.associations === 2 && ours.state === 'ready');
  const after = await good(call, await profileOf(call), role);
  ensure(after.ours.ourFingerprint !== before.ours.ourFingerprint, 'our fingerprint is the old one');
  return `second handshake in ${(after.ours.handshakeMicroseconds / 1000).toFixed(1)} ms, ${seen(after)}`;
}

// The peer knows one association for each connection, whatever the answer says: nothing may break.
async function ignoredAssociation({ talk, role, iceRestart }) {
  const call = await talk.open({ query: { role } });
  const before = await good(call, await profileOf(call), role);
  await call.again({ query: { role, identity: 'new' }, iceRestart });
  const theirs = await plays(await flowed(call, before));
  const ours = await call.ours();
  same('how many associations we began', ours.associations, 2);
  if (ours.state === 'ready') throw new Failure('the peer has learnt it: it belongs to the cases that prove it');
  ensure(ours.state === 'new' || ours.state === 'handshake', `the second association is ${ours.state}`);
  same("the peer's dtlsState", theirs.transport.dtlsState, 'connected');
  clean(ours);
  return `media goes on under the old keys, ${receivedAll(theirs)} RTP back`;
}

// The peer shakes hands again, and goes on with its old SRTP keys: after some seconds nothing of that
// is accepted.
async function staleKeys({ talk, role, iceRestart }) {
  const call = await talk.open({ query: { role } });
  await good(call, await profileOf(call), role);
  await call.again({ query: { role, identity: 'new' }, iceRestart });
  await call.untilOurs('the second association is ready', (ours) => ours.associations === 2 && ours.state === 'ready');
  let last;
  const then = await call.untilOurs('what comes is not authentic', ({ media }) => {
    if (!last || media.rtpUnprotected > last.rtpUnprotected) last = media;
    return media.authFailures > last.authFailures + 20;
  });
  return `second handshake in ${(then.handshakeMicroseconds / 1000).toFixed(1)} ms, then media under the old keys`;
}

// Much more media than before, on both sides.
async function flowed(call, before) {
  await call.untilOurs('media goes on', (ours) => ours.media.rtpUnprotected > before.ours.media.rtpUnprotected + 100);
  return call;
}

async function weClose({ talk, role }) {
  const call = await talk.open({ query: { role } });
  await good(call, await profileOf(call), role);
  await call.end();
  await call.untilTheirs('it hears of the end', (theirs) => theirs.transport.dtlsState === 'closed' || theirs.dtls === 'closed');
  const ours = await call.ours();
  same('our state', ours.state, 'closed');
  clean(ours);
  return 'our close_notify closed the transport of the peer';
}

async function theyClose({ talk, role }) {
  const call = await talk.open({ query: { role } });
  await good(call, await profileOf(call), role);
  await call.close();
  const ours = await call.untilOurs('the close_notify arrives', (mine) => mine.state === 'closed');
  clean(ours);
  return 'the close_notify of the peer closed our association';
}

// The peer goes without a word: ICE has to notice it.
async function theyVanish({ talk, role }) {
  const call = await talk.open({ query: { role } });
  await good(call, await profileOf(call), role);
  await call.close();
  let last;
  const ours = await call.untilOurs('nothing comes any more for a second', (mine) => {
    const now = Date.now();
    if (!last || mine.counts.srtp.in > last.count) last = { count: mine.counts.srtp.in, time: now };
    return now - last.time > 1000;
  });
  same('our state', ours.state, 'ready');
  clean(ours);
  return 'the peer closed without a word';
}

// DTLS that comes before the peer has nominated a path is not lost. Nearly every call of Chromium
// begins so, yet no call has to.
async function early({ talk, role }) {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const call = await talk.open({ query: { role } });
    const { ours } = await good(call, await profileOf(call), role);
    if (ours.dtlsBeforeNomination > 0)
      return `${ours.dtlsBeforeNomination} datagrams of the handshake came before the nomination`;
  }
  throw new Failure('in none of 3 calls DTLS came before the nomination');
}

module.exports = {
  keys, late, lateAndWrong, lossy, far, attacked, wrongExpectation, wrongAnswer, uncheckedAnswer, noProfile, noVersion, iceRestart, secondAssociation, ignoredAssociation, staleKeys, control, weClose, theyClose, theyVanish, early,
  good, plays, profileOf, received, receivedAll, CIPHERS, TOLD,
};
