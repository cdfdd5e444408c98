'use strict';
// Reads what proxy --pcap writes: pcapng in the order of bytes of this machine, raw IPv4, UDP.
const fs = require('fs');

const ENHANCED_PACKET = 6;
const COMMENT = 1;

const address = (packet, at, port) => `${packet.subarray(at, at + 4).join('.')}:${packet.readUInt16BE(port)}`;

function comment(block, at) {
  return at + 4 <= block.length && block.readUInt16LE(at) === COMMENT ?
    block.toString('latin1', at + 4, at + 4 + block.readUInt16LE(at + 2)) : '';
}

// One packet: milliseconds, the addresses of both ends, the datagram, and what the proxy did to it.
function packet(block) {
  const length = block.readUInt32LE(12);
  const ip = block.subarray(20, 20 + length);
  return {
    time: (block.readUInt32LE(4) * 2 ** 32 + block.readUInt32LE(8)) / 1000,
    from: address(ip, 12, 20),
    to: address(ip, 16, 22),
    datagram: ip.subarray(28),
    fate: comment(block, 20 + Math.ceil(length / 4) * 4),
  };
}

// Of a file that was cut, what is whole.
function read(file) {
  const bytes = fs.readFileSync(file);
  const packets = [];
  let length;
  for (let at = 0; at + 12 <= bytes.length; at += length) {
    length = bytes.readUInt32LE(at + 4);
    if (length < 12 || at + length > bytes.length) break;
    if (bytes.readUInt32LE(at) === ENHANCED_PACKET) packets.push(packet(bytes.subarray(at + 8, at + length - 4)));
  }
  return packets;
}

module.exports = { read };
