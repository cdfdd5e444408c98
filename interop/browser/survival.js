'use strict';
// Cases in which our program ends in mid-stream and another one goes on with its media.
const { spawn } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const readline = require('readline');
const { Call, ensure, same } = require('./call.js');
const { good, received, decoded } = require('./cases.js');
const { Relay } = require('./relay.js');

// The drivers of the browsers end this process on a signal.
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => running.forEach((each) => each.kill('SIGKILL')));

// A program of ours on ports that stay the same, with a folder for its states.
class Program {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'survival-'));
    this.key = path.join(this.folder, 'key');
    this.states = path.join(this.folder, 'states');
    fs.writeFileSync(this.key, crypto.randomBytes(32));
    fs.mkdirSync(this.states);
    this.ports = ['--port', '0', '--media-port', '0'];
  }

  async start() {
    this.process = spawn(process.env.PROGRAM, ['--test', '--limit', '60', ...this.ports, '--states', this.states, '--key', this.key],
      { stdio: ['ignore', 'pipe', 'inherit'] });
    const { process: child } = this;
    running.add(child);
    this.ended = new Promise((resolve) => {
      child.on('exit', (code, signal) => running.delete(child) && resolve(signal || code));
    });
    const words = [];
    for await (const line of readline.createInterface({ input: this.process.stdout })) {
      words.push(line);
      if (words.length === 2) break;
    }
    ensure(words.length === 2, 'our program did not start');
    this.url = words[0].split(' ')[1];
    [, this.mediaPort, this.address] = words[1].match(/port (\d+) of (.*)/);
    this.ports = ['--port', new URL(this.url).port, '--media-port', this.mediaPort];
  }

  stop(signal) {
    this.process.kill(signal);
    return this.ended;
  }

  async close() {
    if (this.process) await this.stop('SIGKILL');
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

// Plays until the program got the signal, and goes on with the next one.
async function survives({ page, role, profile }, signal, least) {
  const program = new Program();
  let relay;
  try {
    await program.start();
    relay = await new Relay(program.address, profile).open(Number(program.mediaPort));
    const call = await Call.open(program.url, await page(), { query: { role, profiles: profile }, port: relay.port });
    const before = await good(call, profile, role);
    const seen = { dtls: relay.dtls, packets: relay.packets };
    same(`how our program ended by ${signal}`, await program.stop(signal), signal === 'SIGKILL' ? signal : 0);
    await program.start();
    const ours = await call.untilOurs('media goes on', (mine) =>
      mine.resumed && mine.media.rtpUnprotected > before.ours.media.rtpUnprotected && mine.counts.srtp.out > 0);
    const resumed = await call.theirs();
    const theirs = await call.untilTheirs('the picture and the sound go on', (now) =>
      decoded(now) > decoded(resumed) + 15 &&
      ['audio', 'video'].every((kind) => received(now, kind) > received(resumed, kind) + 20));
    same("the browser's dtlsState", theirs.transport.dtlsState, 'connected');
    same('how many datagrams of DTLS came or left since', relay.dtls, seen.dtls);
    same('the indices that were used twice', relay.twice.join(', '), '');
    ensure(relay.packets > seen.packets + 40, 'too few packets were looked at');
    const last = await call.ours();
    same('our authentication failures', last.media.authFailures, 0);
    ensure(last.media.replays >= least, 'nothing that came was refused, though indices were given away');
    return `frames decoded ${decoded(before.theirs)}, then ${decoded(theirs)}; ${relay.packets} packets of ours, no index twice, ` +
      `no DTLS; ${last.media.replays} of theirs were lost behind the state`;
  } finally {
    if (relay) await relay.close();
    await program.close();
  }
}

// A crash costs the indices that the last snapshot gave away.
const killed = (options) => survives(options, 'SIGKILL', 1);
const handedOver = (options) => survives(options, 'SIGTERM', 0);

module.exports = { killed, handedOver };
