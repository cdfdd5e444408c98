'use strict';
// One call as a case sees it: the peer's side and ours.
const { Proxy } = require('./proxy.js');

const PATIENCE = 20000; // milliseconds for any one event

class Failure extends Error {}

// What cannot be asked of this server.
class Skip extends Error {}

const ensure = (condition, sentence) => {
  if (!condition) throw new Failure(sentence);
};

const same = (what, seen, expected) =>
  ensure(seen === expected, `${what} is ${JSON.stringify(seen)}, expected ${JSON.stringify(expected)}`);

// Statistics have no events: they are read again until they are as wanted.
async function until(what, read, wanted, patience = PATIENCE) {
  const end = Date.now() + patience;
  let seen;
  do {
    seen = await read();
    if (wanted(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 60));
  } while (Date.now() < end);
  throw new Failure(`not within ${patience / 1000} s: ${what}`);
}

// A certificate that nobody has.
const spoil = (sdp) =>
  sdp.replace(/^(a=fingerprint:\S+ )(..)/gm, (_, before, byte) =>
    before + (parseInt(byte, 16) ^ 0xff).toString(16).toUpperCase().padStart(2, '0'));

// Who knows of no candidates cannot go past the proxy.
const withoutCandidates = (sdp) => sdp.replace(/^a=(candidate:.*|end-of-candidates)\r?\n/gm, '');

const withSetup = (sdp, setup) => sdp.replace(/^a=setup:.*?(\r?)$/gm, `a=setup:${setup}$1`);

const withTlsId = (sdp, id) => sdp.replace(/^a=setup:/gm, `a=tls-id:${id}\r\na=setup:`);

const attribute = (sdp, name) => (sdp.match(new RegExp(`^a=${name}:(.*)`, 'm')) || [])[1].trim();

// All calls of one case. server: see server.js; peers: those that were started; file: where to write,
// by name; disturb: options of the proxy.
class Talk {
  constructor(known) {
    Object.assign(this, known, { calls: [], awaits: 'nothing' });
  }

  // For who reads of a case that came to no end.
  wait(what, promise) {
    this.awaits = what;
    return promise;
  }

  // query: what is wished of our side; media, data: what the peer offers; wrongOffer, wrongAnswer: one
  // side is told a fingerprint that the other one does not have; setup, tlsId: of the offer; disturb:
  // options of the proxy; server: another one than that of the talk; front(answer): what else changes
  // it.
  async open({ media, data, server = this.server, front, ...options } = {}, peer = this.peers[0]) {
    const side = await this.wait('the peer opens a connection', peer.open({ media, data }));
    const call = new Call(this, side, server, front);
    this.calls.push(call);
    await call.exchange('POST', server.url, options);
    return call;
  }

  end() {
    return Promise.all(this.calls.map((call) => call.clear().catch(() => {})));
  }
}

class Call {
  constructor(talk, side, server, front = (answer) => answer) {
    Object.assign(this, { talk, side, server, front });
  }

  async exchange(method, place, { query, wrongOffer, wrongAnswer, setup, tlsId, iceRestart, disturb }) {
    const { talk } = this;
    this.offer = await talk.wait('the peer makes an offer', this.side.offer({ iceRestart }));
    let offer = this.server.near ? withoutCandidates(this.offer) : this.offer;
    if (setup) offer = withSetup(offer, setup);
    if (tlsId) offer = withTlsId(offer, tlsId);
    if (wrongOffer) offer = spoil(offer);
    this.posted = offer;
    const told = await talk.wait('our side answers', this.server.exchange(method, place, offer, query));
    this.location = told.location || this.location;
    this.place = told.stats || this.place;
    this.answer = await talk.wait('the proxy starts', this.inFrontOf(this.front(told.answer), disturb));
    await talk.wait('the peer accepts', this.side.accept(wrongAnswer ? spoil(this.answer) : this.answer));
  }

  async inFrontOf(answer, disturb = this.talk.disturb) {
    if (!this.server.near) return answer;
    if (!this.proxy) {
      const number = this.talk.calls.indexOf(this);
      const pcap = this.talk.file(number === 0 ? 'wire.pcap' : `wire-${number + 1}.pcap`);
      this.proxy = await Proxy.start(answer, { pcap, ...disturb });
    }
    return this.proxy.inFrontOf(answer);
  }

  // A later offer for the same call.
  again(options) {
    return this.exchange('PATCH', this.location, options);
  }

  // The same offer, which the peer need not know of.
  repeat(query) {
    return this.server.exchange('PATCH', this.location, this.posted, query);
  }

  theirs() {
    return this.side.sample();
  }

  ours() {
    return this.server.stats(this.place);
  }

  // What each side is told by the descriptions.
  get setup() {
    return attribute(this.answer, 'setup');
  }

  // Whether the other side takes, and whether it sends this kind of media.
  takes(kind) {
    return new RegExp(`^m=${kind} [1-9]`, 'm').test(this.answer);
  }

  get sends() {
    return !/^a=(recvonly|inactive)/m.test(this.answer);
  }

  get fingerprint() {
    return attribute(this.offer, 'fingerprint');
  }

  say(text) {
    return this.side.say(text);
  }

  close() {
    return this.side.close();
  }

  until(what, ...given) {
    return this.talk.wait(what, until(what, ...given));
  }

  untilTheirs(what, wanted, patience) {
    return this.until(`the peer: ${what}`, () => this.theirs(), wanted, patience);
  }

  untilOurs(what, wanted, patience) {
    return this.until(`our side: ${what}`, () => this.ours(), wanted, patience);
  }

  async end() {
    ensure(await this.server.end(this.location), 'our side does not end the call');
  }

  // Nothing of it is left at either side.
  async clear() {
    await this.side.close();
    if (this.location) await this.server.end(this.location);
    if (this.proxy) this.proxy.end();
  }
}

module.exports = { Talk, Failure, Skip, ensure, same };
