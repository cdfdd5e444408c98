'use strict';
// A UDP port in front of a program, which sees every datagram and says whether an index was used
// twice under the same key: it reads the headers alone and knows no key.
const dgram = require('dgram');

const SRTCP_TAG = { AES128_CM_SHA1_80: 10, AEAD_AES_128_GCM: 0, AEAD_AES_256_GCM: 0 }; // behind the index

class Relay {
  constructor(address, profile) {
    Object.assign(this, { address, tag: SRTCP_TAG[profile], upstream: new Map(), sent: new Map(), highest: new Map() });
    this.dtls = 0; // datagrams in either direction
    this.packets = 0; // SRTP and SRTCP of the program
    this.twice = [];
  }

  async open(to) {
    this.to = to;
    this.socket = await this.bind((datagram, from) => this.fromBrowser(datagram, from));
    this.port = this.socket.address().port;
    return this;
  }

  bind(listener) {
    const socket = dgram.createSocket('udp4', listener);
    return new Promise((resolve) => {
      socket.bind(0, this.address, () => resolve(socket));
    });
  }

  // Each address of the browser keeps a socket of its own: another program finds it where it was.
  async fromBrowser(datagram, from) {
    const name = `${from.address}:${from.port}`;
    if (!this.upstream.has(name))
      this.upstream.set(name, this.bind((answer) => {
        this.look(answer, true);
        this.socket.send(answer, from.port, from.address);
      }));
    this.look(datagram, false);
    (await this.upstream.get(name)).send(datagram, this.to, this.address);
  }

  look(datagram, ours) {
    const first = datagram[0];
    if (first >= 20 && first <= 63) this.dtls++;
    if (!ours || first < 128 || first > 191 || datagram.length < 16) return;
    const rtcp = datagram[1] >= 192 && datagram[1] <= 223;
    this.packets++;
    this.use(rtcp ? `SRTCP ${datagram.readUInt32BE(4)}` : `SRTP ${datagram.readUInt32BE(8)}`,
      (name) => (rtcp ? datagram.readUInt32BE(datagram.length - this.tag - 4) & 0x7fffffff
        : this.indexOf(name, datagram.readUInt16BE(2))));
  }

  // RFC 3711 3.3.1, from the highest index that was seen.
  indexOf(name, sequence) {
    const highest = this.highest.get(name);
    if (highest === undefined) return sequence;
    const near = highest - (highest % 65536) + sequence;
    const index = [near - 65536, near, near + 65536].reduce((a, b) => (Math.abs(b - highest) < Math.abs(a - highest) ? b : a));
    return Math.max(index, sequence);
  }

  use(name, find) {
    const index = find(name);
    const used = this.sent.get(name) || new Set();
    if (used.has(index)) this.twice.push(`${name} ${index}`);
    used.add(index);
    this.sent.set(name, used);
    this.highest.set(name, Math.max(index, this.highest.get(name) || 0));
  }

  async close() {
    this.socket.close();
    for (const socket of this.upstream.values()) (await socket).close();
  }
}

module.exports = { Relay };
