'use strict';
// A peer in a process of its own, which reads and writes lines: see lines.py.
const { spawn } = require('child_process');
const path = require('path');
const readline = require('readline');
const { sidesOf } = require('./sides.js');

const PYTHON = '/usr/bin/python3'; // the system's, which has the packages

class Process {
  constructor(script) {
    this.waiting = new Map();
    this.number = 0;
    this.child = spawn(PYTHON, [script], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, PYTHONPATH: __dirname, PYTHONDONTWRITEBYTECODE: '1' },
    });
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.take(JSON.parse(line)));
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.waiting.forEach(({ reject }) => reject(new Error(`the peer's process ended: ${signal || code}`)));
        resolve();
      });
    });
  }

  take({ number, result, error }) {
    const { resolve, reject } = this.waiting.get(number);
    this.waiting.delete(number);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  }

  call(...request) {
    return new Promise((resolve, reject) => {
      this.waiting.set(++this.number, { resolve, reject });
      this.child.stdin.write(`${JSON.stringify([this.number, ...request])}\n`);
    });
  }

  // It ends with its input.
  close() {
    this.child.stdin.end();
    return this.ended;
  }
}

// What a peers.js starts.
async function startProcess(folder) {
  const peer = new Process(path.join(folder, 'peer.py'));
  const call = (...request) => peer.call(...request);
  return { version: await call('version'), open: sidesOf(call), close: () => peer.close() };
}

module.exports = { startProcess };
