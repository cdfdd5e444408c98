'use strict';
// What the capture of a case shows: who sent which message of which flight how often, what was lost,
// and how long it took until both sides could have keys.
const capture = require('./capture.js');
const { ALERT, HANDSHAKE, isDtls, records, fragments } = require('./dtls.js');
const { handshakes, alerts, name } = require('./names.js');

const [CLIENT_HELLO, HELLO_VERIFY_REQUEST, NEW_SESSION_TICKET] = [1, 3, 4];
const SHOWN_MAX = 120; // datagrams of one case

// RFC 6347 4.2.4, counted as with a cookie.
function flightOf(by, type, seq) {
  if (by === 'client') return type === CLIENT_HELLO ? (seq === 0 ? 1 : 3) : 5;
  if (type === HELLO_VERIFY_REQUEST) return 2;
  return type === NEW_SESSION_TICKET || type === 'Finished' ? 6 : 4;
}

// A record in words, with what is known of the messages in it.
function tell(record) {
  if (record.type === HANDSHAKE && record.epoch > 0) return { words: 'Finished', messages: [{ type: 'Finished', seq: 0 }] };
  if (record.type === HANDSHAKE) {
    const parts = fragments(record);
    const words = parts.map((part) => name(handshakes, part.type) + (part.bytes.length < part.total ? ` (${part.bytes.length} of ${part.total})` : ''));
    return { words: words.join(', '), messages: parts.filter((part) => part.offset === 0) };
  }
  if (record.type === ALERT && record.epoch > 0) return { words: 'alert, protected', messages: [] };
  if (record.type === ALERT) return { words: `alert ${name(alerts, record.body[1])}`, messages: [] };
  return { words: { 20: 'ChangeCipherSpec', 23: 'data' }[record.type] || `record of type ${record.type}`, messages: [] };
}

const randomOf = (message) => message.bytes.toString('hex', 2, 34);

// Follows the datagrams in the order in which they were sent.
class Follower {
  // role: ours in the first handshake, if known
  constructor(role) {
    Object.assign(this, { role, datagrams: [], messages: new Map(), handshake: 0, count: 0, toKeys: null });
  }

  // A hello with a new random begins another handshake.
  begin(packet, message) {
    if (message.type !== CLIENT_HELLO || message.bytes.length < 34 || randomOf(message) === this.random) return;
    this.random = randomOf(message);
    this.client = packet.from;
    this.server = packet.to;
    this.handshake += 1;
    if (this.start !== undefined) return;
    this.start = packet.time;
    this.ours = { client: packet.from, server: packet.to }[this.role];
  }

  // A peer may have several addresses, we have one.
  by(packet) {
    return packet.from === this.client || packet.to === this.server ? 'client' : 'server';
  }

  // Roles may change with another handshake, our address does not.
  sender(packet, by) {
    if (!this.ours) return by;
    return packet.from === this.ours ? 'ours' : 'theirs';
  }

  note(packet, by, message) {
    const what = typeof message.type === 'string' ? message.type : name(handshakes, message.type);
    const flight = flightOf(by, message.type, message.seq);
    const key = [this.handshake, flight, message.seq, what].join();
    const entry = this.messages.get(key) || { handshake: this.handshake, flight, from: this.sender(packet, by), message: what, sent: 0, lost: 0 };
    entry.sent += 1;
    if (packet.fate === 'lost') entry.lost += 1;
    this.messages.set(key, entry);
    if (flight === 6 && what === 'Finished' && packet.fate !== 'lost' && !this.toKeys)
      this.toKeys = { datagrams: this.count, milliseconds: Math.round((packet.time - this.start) * 10) / 10 };
  }

  take(packet) {
    const told = records(packet.datagram).map(tell);
    const messages = told.flatMap((one) => one.messages);
    messages.forEach((message) => this.begin(packet, message));
    if (this.start === undefined) return;
    this.count += 1;
    const by = this.by(packet);
    messages.forEach((message) => this.note(packet, by, message));
    if (this.datagrams.length < SHOWN_MAX)
      this.datagrams.push({
        milliseconds: Math.round((packet.time - this.start) * 10) / 10, from: this.sender(packet, by), handshake: this.handshake,
        bytes: packet.datagram.length, what: told.map((one) => one.words).join(', '), fate: packet.fate,
      });
  }
}

// The capture has them, the story of the handshake has not.
const isForged = (fate) => fate.startsWith('forged');

function read(file, role) {
  const packets = capture.read(file);
  const follower = new Follower(role);
  packets.filter(({ datagram, fate }) => isDtls(datagram) && !isForged(fate)).forEach((packet) => follower.take(packet));
  const { datagrams, toKeys, count } = follower;
  const messages = [...follower.messages.values()].sort((a, b) => a.handshake - b.handshake || a.flight - b.flight);
  return { count, others: packets.filter(({ datagram, fate }) => !isDtls(datagram) && !isForged(fate)).length, toKeys, messages, datagrams };
}

// The datagrams of whoever sent the first hello.
function helloDatagrams(file) {
  const packets = capture.read(file).filter(({ datagram }) => isDtls(datagram));
  const starts = packets.find(({ datagram }) => records(datagram).flatMap(fragments).some((part) => part.type === CLIENT_HELLO));
  return starts ? packets.filter((packet) => packet.from === starts.from).map(({ datagram }) => datagram) : [];
}

module.exports = { read, helloDatagrams };
