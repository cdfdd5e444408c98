'use strict';
// The record of a case, as lib.sh leaves it: build/release/interop/record/PEER/TITLE/ with the file
// case (a word and its value a line), and whatever programs wrote beside it, such as wire.pcap and
// keys.log. RECORDS is another place for them.
const fs = require('fs');
const path = require('path');

const ROOT = process.env.RECORDS || path.join(__dirname, '../build/release/interop/record');
const WORDS = ['peer', 'version', 'column', 'title', 'role', 'profile', 'outcome', 'detail'];

const slug = (text) => text.replace(/[^A-Za-z0-9._]+/g, '-');
const line = (word, value) => `${word} ${String(value).replace(/\s+/g, ' ')}`.trim();

class Record {
  // known: peer, version, column (see lib.sh), title, role (ours), profile (wanted)
  constructor(known) {
    this.known = { ...known };
    this.folder = path.join(ROOT, slug(known.peer), slug(known.title));
    fs.rmSync(this.folder, { recursive: true, force: true });
    fs.mkdirSync(this.folder, { recursive: true });
  }

  // Another fact; without a value it is not known.
  set(word, value) {
    if (value !== undefined && value !== null && value !== '') this.known[word] = value;
    return this;
  }

  // Where a program may write.
  file(name) {
    return path.join(this.folder, name);
  }

  // Says the line of the case.
  end(outcome, detail) {
    Object.assign(this.known, { outcome, detail });
    const words = [...new Set([...WORDS, ...Object.keys(this.known)])];
    const lines = words.map((word) => line(word, this.known[word] === undefined ? '' : this.known[word]));
    fs.writeFileSync(this.file('case'), `${lines.join('\n')}\n`);
    console.log(`${outcome.padEnd(4)} ${this.known.peer}: ${this.known.title}: ${detail}`);
  }
}

module.exports = { Record, ROOT };
