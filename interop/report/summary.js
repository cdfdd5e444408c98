'use strict';
// All records of a run as one object: peers, each with its cases, counted by column.
const fs = require('fs');
const path = require('path');
const wire = require('./wire.js');
const { first } = require('./hello.js');
const { suites, groups, versions, named } = require('./names.js');

// The columns that lib.sh names, as the report calls them.
const COLUMNS = {
  keys: 'keys', media: 'media', data: 'data', late: 'late', 'wrong-fingerprint-of-theirs': 'we refuse theirs',
  'wrong-fingerprint-of-ours': 'they refuse ours', 'no-profile': 'no profile', restart: 'restart', 'we-close': 'we close',
  'they-close': 'they close', lossy: 'lossy', 'drop-each': 'each lost', far: 'far away', attacked: 'attacked', other: 'other',
};
const NAMES = { suite: suites, group: groups, 'dtls-version': versions };

const folders = (root) => fs.readdirSync(root, { withFileTypes: true }).filter((one) => one.isDirectory()).map((one) => path.join(root, one.name));

// A case that ended before its verdict left its folder alone.
function readCase(folder) {
  const file = path.join(folder, 'case');
  const [title, peer] = [path.basename(folder), path.basename(path.dirname(folder))];
  if (!fs.existsSync(file)) return { peer, title, outcome: 'FAIL', detail: 'ended without a verdict' };
  const known = {};
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    const [word] = line.split(' ', 1);
    const value = line.slice(word.length + 1);
    if (value !== '') known[word] = NAMES[word] ? named(NAMES[word], value) : value;
  }
  return known;
}

// Whoever wrote a record may have mistaken a word.
function check(folder, what, value, known) {
  if (!known.includes(value)) throw new Error(`${folder}/case: ${value} is no ${what}; there are ${known.join(' ')}`);
}

// home: the directory of the report; folder: within it.
function read(home, folder) {
  const place = path.join(home, folder);
  const files = fs.readdirSync(place).filter((name) => name !== 'case').sort();
  const found = { ...readCase(place), files, folder };
  found.columns = (found.column || 'other').split(' ');
  found.columns.forEach((column) => check(folder, 'column', column, Object.keys(COLUMNS)));
  check(folder, 'outcome', found.outcome, ['ok', 'FAIL', 'skip']);
  if (files.includes('wire.pcap')) found.wire = wire.read(path.join(place, 'wire.pcap'), found.role);
  return found;
}

const count = (cases) => {
  const counted = { ok: 0, FAIL: 0, skip: 0 };
  cases.forEach((one) => { counted[one.outcome] += 1; });
  return counted;
};

// What the peer offers as a client, of an undisturbed case.
function helloOf(home, cases) {
  for (const one of cases)
    if (one.role === 'server' && one.wire && one.outcome === 'ok' && one.columns.includes('keys')) {
      const hello = first(wire.helloDatagrams(path.join(home, one.folder, 'wire.pcap')));
      if (hello) return hello;
    }
  return null;
}

// Versions mostly begin with the name of the peer; a variant of a peer is known by its own name.
function label(peer, version) {
  const name = (version || peer).split(' ')[0].toLowerCase();
  if (peer.toLowerCase().startsWith(`${name} `) || !version) return peer;
  return name.startsWith(peer.toLowerCase()) ? version : `${peer} (${version})`;
}

// root: the directory of the records.
function summarise(root) {
  const home = path.dirname(root);
  const cases = folders(root).flatMap(folders).map((folder) => read(home, path.relative(home, folder)));
  const names = [...new Set(cases.map((one) => one.peer))].sort();
  const peers = names.map((peer) => {
    const own = cases.filter((one) => one.peer === peer).sort((a, b) => a.title.localeCompare(b.title, 'en', { numeric: true }));
    const cells = {};
    for (const column of Object.keys(COLUMNS)) {
      const among = own.filter((one) => one.columns.includes(column));
      if (among.length > 0) cells[column] = count(among);
    }
    const version = (own.find((one) => one.version) || {}).version;
    return { peer, version, label: label(peer, version), total: count(own), cells, hello: helloOf(home, own), cases: own };
  });
  return { total: count(cases), peers };
}

module.exports = { COLUMNS, summarise };
