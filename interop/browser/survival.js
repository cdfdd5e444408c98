'use strict';
// Cases in which our program ends in mid-stream and another one goes on with its media.
const { spawn } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const readline = require('readline');
const { ensure, same } = require('../ice/call.js');
const { good, received } = require('../ice/cases.js');
const { Server } = require('../ice/server.js');
const { Relay } = require('./relay.js');

const PROGRAM = path.join(__dirname, '../../build/release/examples/browser/browser');

// A signal ends this process.
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
    this.process = spawn(PROGRAM, ['--test', '--limit', '60', ...this.ports, '--states', this.states, '--key', this.key],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, SSLKEYLOGFILE: process.env.KEYLOG } });
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
async function survives({ talk, role, profile }, signal, least) {
  const program = new Program();
  let relay;
  try {
    await program.start();
    relay = await new Relay(program.address, profile).open(Number(program.mediaPort));
    const front = (answer) => answer.replace(/^(a=candidate:.* )\d+( typ host)/gm, `$1${relay.port}$2`);
    const server = new Server(`${program.url}/whip`, true);
    const call = await talk.open({ query: { role, profiles: profile }, server, front });
    const before = await good(call, profile, role);
    await call.untilOurs('the browser has chosen its path', (mine) => mine.nominated);
    const seen = { dtls: relay.dtls, packets: relay.packets };
    same(`how our program ended by ${signal}`, await program.stop(signal), signal === 'SIGKILL' ? signal : 0);
    await program.start();
    const ours = await call.untilOurs('media goes on', (mine) =>
      mine.resumed && mine.media.rtpUnprotected > before.ours.media.rtpUnprotected && mine.counts.srtp.out > 0);
    const resumed = await call.theirs();
    const theirs = await call.untilTheirs('the picture and the sound go on', (now) =>
      now.understood > resumed.understood + 15 &&
      ['audio', 'video'].every((kind) => received(now, kind) > received(resumed, kind) + 20));
    same("the peer's dtlsState", theirs.transport.dtlsState, 'connected');
    same('how many datagrams of DTLS came or left since', relay.dtls, seen.dtls);
    same('the indices that were used twice', relay.twice.join(', '), '');
    ensure(relay.packets > seen.packets + 40, 'too few packets were looked at');
    const last = await call.ours();
    same('our authentication failures', last.media.authFailures, 0);
    ensure(last.media.replays >= least, 'nothing that came was refused, though indices were given away');
    return `frames decoded ${before.theirs.understood}, then ${theirs.understood}; ${relay.packets} packets of ours, no index twice, ` +
      `no DTLS; ${last.media.replays} of theirs were lost behind the state`;
  } finally {
    if (relay) await relay.close();
    await program.close();
  }
}

// A crash costs the indices that the last snapshot gave away.
const killed = (options) => survives(options, 'SIGKILL', 1);
const handedOver = (options) => survives(options, 'SIGTERM', 0);

const PROFILES = { server: 'AEAD_AES_128_GCM', client: 'AES128_CM_SHA1_80' };

exports.survival = Object.entries(PROFILES).flatMap(([role, profile]) => [
  ['media', `we ${role}, our process is killed, the picture goes on`, killed, { role, profile }],
  ['media', `we ${role}, our process hands over, the picture goes on`, handedOver, { role, profile }],
]);
