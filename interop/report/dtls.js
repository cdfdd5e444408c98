'use strict';
// What anybody can read of DTLS 1.2: record headers, handshake fragments, alerts (RFC 6347 4.1, 4.2.2).

const ALERT = 21;
const HANDSHAKE = 22;
const RECORD_HEADER = 13;
const HANDSHAKE_HEADER = 12;

const isDtls = (datagram) => datagram.length > 0 && datagram[0] >= 20 && datagram[0] <= 63;

function records(datagram) {
  const found = [];
  let at = 0;
  while (at + RECORD_HEADER <= datagram.length) {
    const end = at + RECORD_HEADER + datagram.readUInt16BE(at + 11);
    const body = datagram.subarray(at + RECORD_HEADER, end);
    found.push({ type: datagram[at], epoch: datagram.readUInt16BE(at + 3), number: datagram.readUIntBE(at + 5, 6), body });
    at = end;
  }
  return found;
}

// Those of a plaintext record.
function fragments(record) {
  const found = [];
  const { body } = record;
  let at = 0;
  while (record.type === HANDSHAKE && record.epoch === 0 && at + HANDSHAKE_HEADER <= body.length) {
    const length = body.readUIntBE(at + 9, 3);
    const bytes = body.subarray(at + HANDSHAKE_HEADER, at + HANDSHAKE_HEADER + length);
    found.push({ type: body[at], total: body.readUIntBE(at + 1, 3), seq: body.readUInt16BE(at + 4), offset: body.readUIntBE(at + 6, 3), bytes });
    at += HANDSHAKE_HEADER + length;
  }
  return found;
}

const allFragments = (datagram) => records(datagram).flatMap(fragments);

// A message put together from fragments, or null while some is missing.
function whole(parts) {
  const message = Buffer.alloc(parts.length > 0 ? parts[0].total : 0);
  const has = new Uint8Array(message.length);
  for (const part of parts) {
    part.bytes.copy(message, part.offset);
    has.fill(1, part.offset, part.offset + part.bytes.length);
  }
  return parts.length > 0 && has.every(Boolean) ? message : null;
}

module.exports = { ALERT, HANDSHAKE, isDtls, records, fragments, allFragments, whole };
