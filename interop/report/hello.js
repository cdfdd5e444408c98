'use strict';
// What a ClientHello offers (RFC 5246 7.4.1.2, RFC 6347 4.2.1), by name.
const { allFragments, whole } = require('./dtls.js');
const { suites, groups, extensions, schemes, versions, profiles, name } = require('./names.js');

const CLIENT_HELLO = 1;

// Takes fields off the front of a buffer.
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
  }

  take(length) {
    if (length > this.bytes.length) throw new Error('the hello is cut');
    const taken = this.bytes.subarray(0, length);
    this.bytes = this.bytes.subarray(length);
    return taken;
  }

  number(size) {
    return this.take(size).readUIntBE(0, size);
  }

  // A field behind its length.
  vector(size) {
    return this.take(this.number(size));
  }

  more() {
    return this.bytes.length > 0;
  }
}

const numbers = (bytes) => Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readUInt16BE(2 * i));
const names = (table, bytes) => numbers(bytes).map((number) => name(table, number));

function each(bytes, read) {
  const reader = new Reader(bytes);
  const found = [];
  while (reader.more()) found.push(read(reader));
  return found;
}

// What these extensions say. Each gets a reader of its body.
const BODIES = {
  10: (body) => ({ groups: names(groups, body.vector(2)) }),
  13: (body) => ({ signatures: names(schemes, body.vector(2)) }),
  14: (body) => ({ profiles: names(profiles, body.vector(2)), mki: body.vector(1).length }),
  16: (body) => ({ protocols: each(body.vector(2), (one) => one.vector(1).toString('latin1')) }),
  43: (body) => ({ versions: names(versions, body.vector(1)) }),
  51: (body) => ({
    shares: each(body.vector(2), (one) => `${name(groups, one.number(2))} (${one.vector(2).length} bytes)`),
  }),
};

function decode(bytes) {
  const hello = new Reader(bytes);
  const legacy = name(versions, hello.number(2));
  const found = { bytes: bytes.length, random: hello.take(32).toString('hex'), versions: [legacy] };
  found.session = hello.vector(1).length;
  found.cookie = hello.vector(1).length;
  found.suites = names(suites, hello.vector(2));
  hello.vector(1);
  found.extensions = !hello.more() ? [] : each(hello.vector(2), (reader) => {
    const number = reader.number(2);
    const body = reader.vector(2);
    if (BODIES[number]) Object.assign(found, BODIES[number](new Reader(body)));
    return { number, name: name(extensions, number), bytes: body.length };
  });
  return found;
}

// The first one in these datagrams, with the sizes of those that carried its first transmission; or
// null.
function first(datagrams) {
  const parts = [];
  const sizes = [];
  for (const datagram of datagrams) {
    const more = allFragments(datagram).filter((part) => part.type === CLIENT_HELLO && part.seq === 0);
    if (more.length > 0) sizes.push(datagram.length);
    parts.push(...more);
    const message = whole(parts);
    if (message) return { ...decode(message), datagrams: sizes };
  }
  return null;
}

// What differs, a sentence each. The order of extensions means nothing (Chromium changes it each time).
function differences(old, current) {
  const found = [];
  const say = (what, before, after) => {
    if (before !== after) found.push(`${what}: was ${before || 'nothing'}, is ${after || 'nothing'}`);
  };
  for (const what of ['versions', 'suites', 'groups', 'shares', 'profiles', 'signatures', 'protocols', 'datagrams'])
    say(what, (old[what] || []).join(', '), (current[what] || []).join(', '));
  const listed = (hello) => hello.extensions.map((one) => `${one.name} (${one.bytes})`);
  const [before, after] = [listed(old), listed(current)];
  before.filter((one) => !after.includes(one)).forEach((one) => found.push(`extension ${one} is gone`));
  after.filter((one) => !before.includes(one)).forEach((one) => found.push(`extension ${one} is new`));
  return found;
}

module.exports = { decode, first, differences };
