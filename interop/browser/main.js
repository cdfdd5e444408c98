'use strict';
// Plays the cases against the program at the address that is given, and prints one line a case.
// Usage: main.js URL [PATTERN]    PATTERN: only cases whose title matches
const fs = require('fs');
const browsers = require('./browsers.js');
const cases = require('./cases.js');
const survival = require('./survival.js');
const together = require('./together.js');
const { Record } = require('../record.js');

const LIMIT = 60000; // milliseconds for one case
const [url, pattern] = process.argv.slice(2);
const PROFILES = ['AES128_CM_SHA1_80', 'AEAD_AES_128_GCM', 'AEAD_AES_256_GCM'];
const failed = [];

// What is played with one browser alone: the column of the report, title, case, its options.
function* alone(name) {
  for (const role of ['server', 'client']) {
    const we = `we ${role}`;
    for (const profile of PROFILES) yield ['keys media', `${we}, ${profile}`, cases.keys, { role, profile }];
    yield ['wrong-fingerprint-of-theirs', `${we}, wrong fingerprint of the browser`, cases.wrongExpectation, { role }];
    yield ['wrong-fingerprint-of-ours', `${we}, wrong fingerprint of ours`, cases.wrongAnswer, { role }];
    // Firefox offers every profile that there is.
    if (name === 'Chromium') yield ['no-profile', `${we}, no common profile`, cases.noProfile, { role }];
    yield ['other', `${we}, ICE restart`, cases.iceRestart, { role }];
    if (name === 'Chromium') {
      yield ['restart', `${we}, second association with a new identity`, cases.secondAssociation, { role }];
      yield ['restart', `${we}, second association with tls-ids`, cases.secondAssociation, { role, tlsIds: true }];
    } else {
      yield ['restart', `${we}, second association that the browser ignores`, cases.ignoredAssociation, { role }];
    }
    yield ['we-close', `${we}, we close`, cases.weClose, { role }];
    yield ['they-close', `${we}, the browser closes`, cases.theyClose, { role }];
    const profile = role === 'server' ? 'AEAD_AES_128_GCM' : 'AES128_CM_SHA1_80';
    yield ['media', `${we}, our process is killed, the picture goes on`, survival.killed, { role, profile }];
    yield ['media', `${we}, our process hands over, the picture goes on`, survival.handedOver, { role, profile }];
  }
  if (name === 'Chromium') {
    yield ['other', 'we server, DTLS before the nomination', cases.early, { role: 'server' }];
    yield ['other', 'control', cases.control, {}];
  }
}

function limit(promise) {
  let timer;
  const end = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${LIMIT / 1000} s`)), LIMIT);
  });
  return Promise.race([promise, end]).finally(() => clearTimeout(timer));
}

// What both sides know of the calls of each page.
function ask(pages) {
  const inPage = `Promise.all(Object.keys(inside.calls).map(async (id) => ({
    theirs: await inside.sample(id), ours: await (await fetch("/stats/" + id)).json() })))`;
  return Promise.all(pages.map((page) => page.evaluate(inPage).catch((error) => [{ error: String(error) }])));
}

// The facts are those of the last call.
function note(record, known) {
  const ours = (known.flat().pop() || {}).ours || {};
  record.set('dtls-version', ours.dtls).set('suite', ours.cipherSuite).set('group', ours.group);
  record.set('negotiated-profile', ours.profile).set('ours-retransmissions', ours.retransmissions);
  if (ours.handshakeMicroseconds > 0) record.set('milliseconds', (ours.handshakeMicroseconds / 1000).toFixed(1));
}

// Plays one case with pages of its own, which are closed after it.
async function play([column, title, body, options = {}], makers) {
  const peer = makers.map((browser) => browser.peer).join(' and ');
  if (pattern && !new RegExp(pattern).test(`${peer}, ${title}`)) return;
  const version = makers.length === 1 ? makers[0].version : '';
  const record = new Record({ peer, version, column, title, role: options.role, profile: options.profile });
  const pages = [];
  const opener = (browser) => async () => {
    const page = await browser.page();
    pages.push(page);
    return page;
  };
  const known = () => limit(ask(pages)).catch(() => []);
  try {
    const detail = await limit(body({ url, page: opener(makers[0]), pages: makers.map(opener), ...options }));
    note(record, await known());
    record.end('ok', detail);
  } catch (error) {
    failed.push(title);
    const calls = await known();
    fs.writeFileSync(record.file('calls.json'), JSON.stringify(calls, null, 1));
    note(record, calls);
    record.end('FAIL', String(error.message).split('\n')[0]);
  } finally {
    await Promise.all(pages.map(async (page) => {
      await limit(page.evaluate('inside.end()')).catch(() => {});
      await page.close().catch(() => {});
    }));
  }
}

// What could not be played.
function tell(outcome, peer, title, reason) {
  new Record({ peer, column: 'other', title }).end(outcome, reason);
  if (outcome === 'FAIL') failed.push(title);
}

async function each(list, lanes, work) {
  const rest = [...list];
  const lane = async () => {
    while (rest.length > 0) await work(rest.shift());
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function main() {
  const names = ['Chromium', 'Firefox'];
  const started = await Promise.all(names.map(browsers.start));
  try {
    const found = started.filter(Boolean);
    names.filter((_, i) => !started[i]).forEach((name) => tell('FAIL', name.toLowerCase(), 'all cases', 'is not installed'));
    // Tabs of Firefox that are not in front are slowed down, so it gets one lane.
    await Promise.all(found.map((browser) => {
      const name = browser.version.split(' ')[0];
      return each(alone(name), name === 'Chromium' ? 2 : 1, (one) => play(one, [browser]));
    }));
    for (const one of together.cases)
      if (found.length === names.length) await play(one, found);
      else tell('skip', 'chromium and firefox', one[1], 'needs both browsers');
  } finally {
    await Promise.all(started.filter(Boolean).map((browser) => browser.close()));
  }
  process.exitCode = failed.length > 0 ? 1 : 0;
}

main().catch((error) => {
  console.log(`FAIL browser: the driver: ${error.stack.split('\n').slice(0, 2).join(' ')}`);
  process.exitCode = 1;
});
