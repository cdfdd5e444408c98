'use strict';
// The cases for a server that is not ours: it answers offers, and nothing else need be known of it.
// What it does is seen at the peer.
const { CIPHERS, TOLD, plays, receivedAll } = require('./cases.js');
const { Failure, Skip, ensure, same } = require('./call.js');

const SILENCE = 3000; // milliseconds without media, after which none is expected
const DATAGRAMS = 20; // that a handshake may have one way
// RFC 5763 5: what an offer says decides the roles.
const SETUP = { server: 'active', client: 'passive' };

const open = (talk, role, options) => talk.open({ setup: SETUP[role], ...options });

// Media flows: RTP is decrypted by the peer, or, where the server sends none, by the server, whose
// reports of it are authentic.
const flows = (call) =>
  call.sends ? plays(call) : call.untilTheirs('its media is reported on', (theirs) => theirs['remote-inbound-rtp audio'] || theirs['remote-inbound-rtp video']);

async function good(call, role) {
  const theirs = await flows(call);
  const { dtlsState, dtlsRole, srtpCipher, tlsVersion } = theirs.transport;
  same("the peer's dtlsState", dtlsState, 'connected');
  same("the peer's role", dtlsRole, role === 'server' ? 'client' : 'server');
  ensure(Object.values(CIPHERS).some((known) => known.test(srtpCipher)), `the peer's srtpCipher is ${srtpCipher}`);
  return `${tlsVersion}, ${srtpCipher}, ${receivedAll(theirs)} RTP back, ${theirs.understood} understood`;
}

const media = async ({ talk, role }) => good(await open(talk, role), role);

// The server waits for a certificate that the peer does not have.
async function wrongExpectation({ talk, role }) {
  const call = await open(talk, role, { wrongOffer: true });
  if (!call.sends) throw new Skip('the server sends no media: it cannot be seen whom it trusts');
  const begin = Date.now();
  const theirs = await call.untilTheirs('nothing comes', (now) => {
    same('what the peer received', receivedAll(now), 0);
    return now.transport.dtlsState === TOLD || Date.now() - begin > SILENCE;
  });
  return `no media, dtlsState ${theirs.transport.dtlsState}`;
}

// The peer refuses the server, which goes on to serve.
async function wrongAnswer({ talk, role }) {
  const call = await open(talk, role, { wrongAnswer: true });
  const theirs = await call.untilTheirs('it fails', (now) => now.transport.dtlsState === TOLD);
  same('what the peer received', receivedAll(theirs), 0);
  return `and then ${await good(await open(talk, role), role)}`;
}

async function itCloses({ talk, role }) {
  const call = await open(talk, role);
  await good(call, role);
  if (!call.location) throw new Skip('the server tells no Location');
  await call.end();
  await call.untilTheirs('it hears of the end', (now) => now.transport.dtlsState === 'closed' || now.dtls === 'closed');
  return 'a DELETE closed the transport of the peer';
}

async function lossy({ talk, role, disturb }) {
  const call = await open(talk, role, { disturb });
  if (!call.proxy) throw new Skip('the server is not on this machine');
  const detail = await good(call, role);
  await call.clear();
  return { lost: call.proxy.lost, detail };
}

async function badNetwork({ talk, role, disturb }) {
  const { lost, detail } = await lossy({ talk, role, disturb });
  ensure(lost > 0, 'no datagram was lost');
  return `${lost} lost, ${detail}`;
}

// Calls until one has no such datagram any more.
async function eachLost({ talk, role, way }) {
  for (let n = 1; n <= DATAGRAMS; n++) {
    const { lost } = await lossy({ talk, role, disturb: { only: 'dtls', [`drop-${way}`]: n } }).catch((error) => {
      throw error instanceof Failure ? new Failure(`datagram ${n}: ${error.message}`) : error;
    });
    ensure(lost > 0 || n > 1, 'no datagram passes the proxy');
    if (lost === 0) return `each of ${n - 1} datagrams lost once`;
  }
  throw new Failure(`a handshake has more than ${DATAGRAMS} datagrams`);
}

module.exports = { media, wrongExpectation, wrongAnswer, itCloses, badNetwork, eachLost };
