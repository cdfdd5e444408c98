'use strict';
// The cases: each proves one thing, and says what it saw.
const { Call, Failure, ensure, same } = require('./call.js');

// As browsers call the profiles.
const CIPHERS = {
  AES128_CM_SHA1_80: 'SRTP_AES128_CM_HMAC_SHA1_80',
  AEAD_AES_128_GCM: 'SRTP_AEAD_AES_128_GCM',
  AEAD_AES_256_GCM: 'SRTP_AEAD_AES_256_GCM',
};

const received = (theirs, kind) => (theirs[`inbound-rtp ${kind}`] || {}).packetsReceived || 0;
const decoded = (theirs) => (theirs['inbound-rtp video'] || {}).framesDecoded || 0;

// The browser plays what it gets, both kinds, and its counters grow after they were first seen.
async function plays(call, patience) {
  const flows = (theirs, least) =>
    received(theirs, 'audio') > least && received(theirs, 'video') > least && decoded(theirs) > 0;
  const first = await call.untilTheirs('media arrives and is decoded', (theirs) => flows(theirs, 5), patience);
  return call.untilTheirs('more media arrives and is decoded', (theirs) =>
    received(theirs, 'audio') > received(first, 'audio') + 5 &&
    received(theirs, 'video') > received(first, 'video') + 5 &&
    decoded(theirs) > decoded(first) + 3);
}

// RTCP of ours is authentic to the browser, for its reports are in the browser's statistics, and
// the browser's is to us.
async function reports(call) {
  await call.untilTheirs('reports arrive', (theirs) =>
    theirs['remote-inbound-rtp audio'] || theirs['remote-inbound-rtp video'] ||
    theirs['remote-outbound-rtp audio'] || theirs['remote-outbound-rtp video']);
  return call.untilOurs('reports arrive', (ours) => ours.media.rtcpUnprotected > 0 && ours.counts.srtcp.out > 0);
}

const clean = (ours) => {
  same('our authentication failures', ours.media.authFailures, 0);
  same('our malformed packets', ours.media.malformed, 0);
  same('our replayed packets', ours.media.replays, 0);
};

function agreed(ours, theirs, profile) {
  same("the browser's dtlsState", theirs.transport.dtlsState, 'connected');
  same("the browser's srtpCipher", theirs.transport.srtpCipher, CIPHERS[profile]);
  same("the browser's tlsVersion", theirs.transport.tlsVersion, 'FEFD');
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
  same("the browser's role", theirs.transport.dtlsRole, role === 'server' ? 'client' : 'server');
  same('a=setup of the answer', theirs.setup, role === 'server' ? 'passive' : 'active');
  clean(ours);
  return { ours, theirs };
}

const seen = ({ ours, theirs }) =>
  `${theirs.transport.srtpCipher}, ${received(theirs, 'audio') + received(theirs, 'video')} RTP back, ` +
  `${decoded(theirs)} frames decoded, RTCP ${ours.counts.srtcp.in} in ${ours.counts.srtcp.out} out`;

async function keys({ page, url, role, profile }) {
  const call = await Call.open(url, await page(), { query: { role, profiles: profile } });
  const result = await good(call, profile, role);
  same('what the browser offered', result.ours.offeredFingerprint.toUpperCase(), (await call.ownFingerprint()).toUpperCase());
  return seen(result);
}

// That the assertions of a good call can fail: each of these calls lacks one thing.
async function control({ page, url }) {
  const lacking = async (query, profile, role, pattern) => {
    const call = await Call.open(url, await page(), { query: { role: 'server', ...query } });
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
  same('what the browser received', received(theirs, 'audio') + received(theirs, 'video'), 0);
  same('what we decrypted', ours.media.rtpUnprotected, 0);
  same('what we sent', ours.counts.srtp.out, 0);
  ensure(!theirs.transport.srtpCipher || theirs.transport.dtlsState !== 'connected', 'the browser has keys');
}

async function refused(call, pattern) {
  const ours = await call.untilOurs('the association fails', (mine) => mine.state === 'failed');
  ensure(pattern.test(ours.error), `our sentence is: ${ours.error}`);
  return ours;
}

// We wait for a certificate that the browser does not have.
async function wrongExpectation({ page, url, role }) {
  const call = await Call.open(url, await page(), { query: { role, fault: 'expect' } });
  const ours = await refused(call, /fingerprint|certificate/i);
  await call.untilTheirs('it is told', (theirs) => theirs.transport.dtlsState === 'failed');
  await silent(call);
  return ours.error.slice(0, 90);
}

// The browser waits for a certificate that we do not have.
async function wrongAnswer({ page, url, role }) {
  const call = await Call.open(url, await page(), { query: { role, fault: 'answer' } });
  await call.untilTheirs('it fails', (theirs) => theirs.transport.dtlsState === 'failed');
  const ours = await refused(call, /alert/i);
  await silent(call);
  return ours.error.slice(0, 90);
}

async function noProfile({ page, url, role }) {
  const call = await Call.open(url, await page(), { query: { role, profiles: 'AES128_CM_SHA1_32' } });
  const ours = await refused(call, /profile|use_srtp/i);
  await silent(call);
  return ours.error.slice(0, 90);
}

// New paths, the same association.
async function iceRestart({ page, url, role }) {
  const call = await Call.open(url, await page(), { query: { role } });
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
async function secondAssociation({ page, url, role, tlsIds }) {
  const call = await Call.open(url, await page(), { query: { role }, tlsId: tlsIds && 'a'.repeat(24) });
  const before = await good(call, await profileOf(call), role);
  await call.again({ query: { role, identity: 'new' }, iceRestart: true, tlsId: tlsIds && 'b'.repeat(24) });
  await call.untilOurs('the second association is ready', (ours) => ours.associations === 2 && ours.state === 'ready');
  const after = await good(call, await profileOf(call), role);
  ensure(after.ours.ourFingerprint !== before.ours.ourFingerprint, 'our fingerprint is the old one');
  return `second handshake in ${(after.ours.handshakeMicroseconds / 1000).toFixed(1)} ms, ${seen(after)}`;
}

// Firefox knows one association for each connection, whatever the answer says: nothing may break.
async function ignoredAssociation({ page, url, role }) {
  const call = await Call.open(url, await page(), { query: { role } });
  const before = await good(call, await profileOf(call), role);
  await call.again({ query: { role, identity: 'new' }, iceRestart: true });
  const theirs = await plays(await flowed(call, before));
  const ours = await call.ours();
  same('how many associations we began', ours.associations, 2);
  if (ours.state === 'ready') throw new Failure('the browser has learnt it: it belongs to the cases that prove it');
  ensure(ours.state === 'new' || ours.state === 'handshake', `the second association is ${ours.state}`);
  same("the browser's dtlsState", theirs.transport.dtlsState, 'connected');
  clean(ours);
  return `media goes on under the old keys, ${received(theirs, 'audio') + received(theirs, 'video')} RTP back`;
}

// Much more media than before, on both sides.
async function flowed(call, before) {
  await call.untilOurs('media goes on', (ours) => ours.media.rtpUnprotected > before.ours.media.rtpUnprotected + 100);
  return call;
}

async function weClose({ page, url, role }) {
  const call = await Call.open(url, await page(), { query: { role } });
  await good(call, await profileOf(call), role);
  await call.end();
  await call.untilTheirs('it hears of the end', (theirs) => theirs.transport.dtlsState === 'closed' || theirs.dtls === 'closed');
  const ours = await call.ours();
  same('our state', ours.state, 'closed');
  clean(ours);
  return 'our close_notify closed the transport of the browser';
}

async function theyClose({ page, url, role }) {
  const call = await Call.open(url, await page(), { query: { role } });
  await good(call, await profileOf(call), role);
  await call.close();
  const ours = await call.untilOurs('the close_notify arrives', (mine) => mine.state === 'closed');
  clean(ours);
  return 'the close_notify of the browser closed our association';
}

// DTLS that comes before the browser has nominated a path is not lost. Nearly every call of Chromium
// begins so, yet no call has to.
async function early({ page, url, role }) {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const call = await Call.open(url, await page(), { query: { role } });
    const { ours } = await good(call, await profileOf(call), role);
    if (ours.dtlsBeforeNomination > 0)
      return `${ours.dtlsBeforeNomination} datagrams of the handshake came before the nomination`;
  }
  throw new Failure('in none of 3 calls DTLS came before the nomination');
}

module.exports = {
  keys, wrongExpectation, wrongAnswer, noProfile, iceRestart, secondAssociation, ignoredAssociation, control, weClose, theyClose, early,
  good, profileOf, received, decoded,
};
