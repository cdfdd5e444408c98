'use strict';
// Plays the cases of the peers in a folder, and prints one line a case.
// Usage: main.js FOLDER URL [WISHES]    URL: where offers are posted; WISHES: the server hears wishes,
// and tells its statistics, as examples/browser does; otherwise what it does is seen at the peers
const fs = require('fs');
const path = require('path');
const { Skip, Talk } = require('./call.js');
const { plan, planServed } = require('./plan.js');
const { Server } = require('./server.js');
const { Record } = require('../record.js');

const LIMIT = 60000; // milliseconds for one case
const BESIDE = 3; // so many peers at a time: a browser's media keep a core busy
const [folder, url, wishes] = process.argv.slice(2);
const pattern = process.env.CASES || '';
const { peers, together = [] } = require(path.resolve(folder, 'peers.js'));
const server = new Server(url, Boolean(wishes));
const keylog = process.env.KEYLOG;
const open = new Set(); // what is started, or about to be: promises
let leaving = false;
let failures = 0;

// awaits(): what it waits for.
function limit(promise, awaits = () => 'its end') {
  let timer;
  const end = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${LIMIT / 1000} s, waiting for: ${awaits()}`)), LIMIT);
  });
  return Promise.race([promise, end]).finally(() => clearTimeout(timer));
}

// What both sides know of each call.
const ask = (talk) =>
  Promise.all(talk.calls.map(async (call) => {
    const orWhy = (promise) => promise.catch((error) => ({ error: String(error) }));
    return { theirs: await orWhy(call.theirs()), ours: call.place ? await orWhy(call.ours()) : {} };
  }));

// The facts are those of the last call.
function note(record, known) {
  const ours = (known[known.length - 1] || {}).ours || {};
  record.set('dtls-version', ours.dtls).set('suite', ours.cipherSuite).set('group', ours.group);
  record.set('negotiated-profile', ours.profile).set('ours-retransmissions', ours.retransmissions);
  record.set('ours-answers', ours.repeatedAnswers).set('reason', ours.error);
  if (ours.handshakeMicroseconds > 0) record.set('milliseconds', (ours.handshakeMicroseconds / 1000).toFixed(1));
}

// Of the keys of all calls those whose hello is in this case's captures.
function keepKeys(record) {
  if (!keylog || !fs.existsSync(keylog)) return;
  const names = fs.readdirSync(record.file('.')).filter((name) => name.endsWith('.pcap'));
  const captures = names.map((name) => fs.readFileSync(record.file(name)));
  const lines = fs.readFileSync(keylog, 'latin1').split('\n').filter((line) => {
    const [, random] = line.split(' ');
    return random && captures.some((capture) => capture.includes(Buffer.from(random, 'hex')));
  });
  if (lines.length > 0) fs.writeFileSync(record.file('keys.log'), lines.map((line) => `${line}\n`).join(''));
}

// started: the peers that the case needs.
async function play([column, title, body, options = {}], started) {
  const all = (word) => started.map((peer) => peer[word]).join(' and ');
  const { role, profile, disturb } = options;
  const version = started.length === 1 ? started[0].version : '';
  const record = new Record({ peer: all('name'), version, column, title, role, profile });
  const talk = new Talk({ server, peers: started, file: (name) => record.file(name), disturb });
  let outcome = 'ok';
  let detail;
  try {
    detail = await limit(body({ talk, ...options }), () => talk.awaits);
  } catch (error) {
    outcome = error instanceof Skip ? 'skip' : 'FAIL';
    detail = String(error.message).split('\n')[0];
  }
  const known = await limit(ask(talk)).catch(() => []);
  await limit(talk.end()).catch(() => {});
  if (outcome === 'FAIL') fs.writeFileSync(record.file('calls.json'), JSON.stringify(known, null, 1));
  failures += outcome === 'FAIL';
  note(record, known);
  keepKeys(record);
  record.end(outcome, detail);
}

// What could not be played.
function tell(outcome, peer, title, reason) {
  new Record({ peer, column: 'other', title }).end(outcome, reason);
  failures += outcome === 'FAIL';
}

const wanted = (peer, [, title]) => new RegExp(pattern).test(`${peer}, ${title}`);

async function each(list, lanes, work) {
  const rest = [...list];
  const lane = async () => {
    while (rest.length > 0 && !leaving) await work(rest.shift());
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

// A peer that does not start is a failure: setup.sh installs it.
async function start(peer) {
  const starting = peer.start();
  open.add(starting);
  try {
    return { ...peer, ...(await limit(starting)) };
  } catch (error) {
    tell('FAIL', peer.name, 'all cases', `does not start: ${String(error.message).split('\n')[0]}`);
    return null;
  }
}

async function playAlone(peer) {
  const list = [...(wishes ? plan : planServed)(peer)].filter((one) => wanted(peer.name, one));
  if (list.length === 0) return;
  const started = await start(peer);
  if (!started) return;
  try {
    await each(list, peer.lanes, (one) => play(one, [started]));
  } finally {
    await started.close();
  }
}

async function playTogether([names, ...one]) {
  if (!wanted(names.join(' and '), one)) return;
  const started = await Promise.all(names.map((name) => start(peers.find((peer) => peer.name === name))));
  const found = started.filter(Boolean);
  if (found.length === names.length) await play(one, found);
  else tell('skip', names.join(' and '), one[1], 'needs both');
  await Promise.all(found.map((peer) => peer.close()));
}

// Nothing that was started, or is about to be, is left behind.
async function leave() {
  leaving = true;
  await Promise.all([...open].map((starting) => limit(starting).then((peer) => peer.close()).catch(() => {})));
  process.exit(1);
}

async function main() {
  await each(peers, BESIDE, playAlone);
  if (wishes) for (const one of together) await playTogether(one);
  process.exitCode = failures > 0 ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, leave);
main()
  .catch((error) => {
    console.log(`FAIL ${path.basename(folder)}: the driver: ${error.stack.split('\n').slice(0, 2).join(' ')}`);
    process.exitCode = 1;
  })
  .finally(() => process.exit()); // the timers of a peer's media would hold it
