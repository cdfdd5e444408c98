'use strict';
// Plays the cases against the program at the address that is given, and prints one line a case.
// Usage: main.js URL [PATTERN]    PATTERN: only cases whose title matches
const fs = require('fs');
const path = require('path');
const browsers = require('./browsers.js');
const cases = require('./cases.js');
const survival = require('./survival.js');
const together = require('./together.js');

const LIMIT = 60000; // milliseconds for one case
const [url, pattern] = process.argv.slice(2);
const PROFILES = ['AES128_CM_SHA1_80', 'AEAD_AES_128_GCM', 'AEAD_AES_256_GCM'];
const failed = [];

// What is played with one browser alone.
function* alone(name) {
  for (const role of ['server', 'client']) {
    const we = `we ${role}`;
    for (const profile of PROFILES) yield [`${we}, ${profile}`, cases.keys, { role, profile }];
    yield [`${we}, wrong fingerprint of the browser`, cases.wrongExpectation, { role }];
    yield [`${we}, wrong fingerprint of ours`, cases.wrongAnswer, { role }];
    // Firefox offers every profile that there is.
    if (name === 'Chromium') yield [`${we}, no common profile`, cases.noProfile, { role }];
    yield [`${we}, ICE restart`, cases.iceRestart, { role }];
    if (name === 'Chromium') {
      yield [`${we}, second association with a new identity`, cases.secondAssociation, { role }];
      yield [`${we}, second association with tls-ids`, cases.secondAssociation, { role, tlsIds: true }];
    } else {
      yield [`${we}, second association that the browser ignores`, cases.ignoredAssociation, { role }];
    }
    yield [`${we}, we close`, cases.weClose, { role }];
    yield [`${we}, the browser closes`, cases.theyClose, { role }];
    const profile = role === 'server' ? 'AEAD_AES_128_GCM' : 'AES128_CM_SHA1_80';
    yield [`${we}, our process is killed, the picture goes on`, survival.killed, { role, profile }];
    yield [`${we}, our process hands over, the picture goes on`, survival.handedOver, { role, profile }];
  }
  if (name === 'Chromium') {
    yield ['we server, DTLS before the nomination', cases.early, { role: 'server' }];
    yield ['control', cases.control, {}];
  }
}

const say = (word, title, detail) => console.log(`${word.padEnd(4)} browser: ${title}: ${detail}`);

function limit(promise) {
  let timer;
  const end = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${LIMIT / 1000} s`)), LIMIT);
  });
  return Promise.race([promise, end]).finally(() => clearTimeout(timer));
}

// What our side knew of a call of a failed case is kept where run.sh says.
async function keep(title, pages) {
  const folder = process.env.FAILED;
  if (!folder) return;
  const file = path.join(folder, `browser-${title.replace(/[^A-Za-z0-9]+/g, '-')}.json`);
  const ask = async (page) => page.evaluate('Promise.all(Object.keys(inside.calls).map(async (id) => ({ theirs: await inside.sample(id), ours: await (await fetch("/stats/" + id)).json() })))');
  const known = await Promise.all(pages.map((page) => ask(page).catch((error) => String(error))));
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(file, JSON.stringify(known, null, 1));
}

// Plays one case with pages of its own, which are closed after it.
async function play(title, makers, body, options) {
  if (pattern && !new RegExp(pattern).test(title)) return;
  const pages = [];
  const opener = (browser) => async () => {
    const page = await browser.page();
    pages.push(page);
    return page;
  };
  try {
    say("ok", title, await limit(body({ url, page: opener(makers[0]), pages: makers.map(opener), ...options })));
  } catch (error) {
    failed.push(title);
    say('FAIL', title, String(error.message).split('\n')[0]);
    await limit(keep(title, pages)).catch(() => {});
  } finally {
    await Promise.all(pages.map(async (page) => {
      await limit(page.evaluate('inside.end()')).catch(() => {});
      await page.close().catch(() => {});
    }));
  }
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
    names.filter((_, i) => !started[i]).forEach((name) => say('skip', name, 'is not installed'));
    // Tabs of Firefox that are not in front are slowed down, so it gets one lane.
    await Promise.all(found.map((browser) => {
      const name = browser.name.split(' ')[0];
      return each(alone(name), name === 'Chromium' ? 2 : 1, ([title, body, options]) =>
        play(`${browser.name}, ${title}`, [browser], body, options));
    }));
    for (const [title, body] of together.cases)
      if (found.length === names.length) await play(title, found, body, {});
      else say('skip', title, 'needs both browsers');
  } finally {
    await Promise.all(started.filter(Boolean).map((browser) => browser.close()));
  }
  process.exitCode = failed.length > 0 ? 1 : 0;
}

main().catch((error) => {
  say('FAIL', 'the driver', error.stack.split('\n').slice(0, 2).join(' '));
  process.exitCode = 1;
});
