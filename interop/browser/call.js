'use strict';
// One call as a case sees it: the browser's side and ours.
const { install } = require('./inside.js');

const PATIENCE = 20000; // milliseconds for any one event

class Failure extends Error {}

const ensure = (condition, sentence) => {
  if (!condition) throw new Failure(sentence);
};

const same = (what, seen, expected) =>
  ensure(seen === expected, `${what} is ${JSON.stringify(seen)}, expected ${JSON.stringify(expected)}`);

// Statistics have no events: they are read again until they are as wanted.
async function until(what, read, wanted, patience = PATIENCE) {
  const end = Date.now() + patience;
  let seen;
  do {
    seen = await read();
    if (wanted(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 60));
  } while (Date.now() < end);
  throw new Failure(`not within ${patience / 1000} s: ${what}`);
}

class Call {
  constructor(url, page, id) {
    Object.assign(this, { url, page, id });
  }

  static async open(url, page, options) {
    await page.goto(`${url}/blank`);
    await page.evaluate(`(${install})()`);
    return Call.more(url, page, options);
  }

  // One more in a page that has one already.
  static async more(url, page, options) {
    const query = new URLSearchParams(options.query).toString();
    const id = await page.evaluate((given) => window.inside.open(given), { ...options, query });
    return new Call(url, page, id);
  }

  again(options) {
    const query = new URLSearchParams(options.query).toString();
    return this.page.evaluate(([id, given]) => window.inside.again(id, given), [this.id, { ...options, query }]);
  }

  theirs() {
    return this.page.evaluate((id) => window.inside.sample(id), this.id);
  }

  async ours() {
    const response = await fetch(`${this.url}/stats/${this.id}`);
    ensure(response.ok, `our side says ${response.status}`);
    return response.json();
  }

  say(text) {
    return this.page.evaluate(([id, words]) => window.inside.say(id, words), [this.id, text]);
  }

  close() {
    return this.page.evaluate((id) => window.inside.close(id), this.id);
  }

  ownOffer() {
    return this.page.evaluate((id) => window.inside.calls[id].pc.localDescription.sdp, this.id);
  }

  ownFingerprint() {
    return this.page.evaluate((id) => window.inside.ownFingerprint(id), this.id);
  }

  untilTheirs(what, wanted, patience) {
    return until(`the browser: ${what}`, () => this.theirs(), wanted, patience);
  }

  untilOurs(what, wanted, patience) {
    return until(`our side: ${what}`, () => this.ours(), wanted, patience);
  }

  async end() {
    const response = await fetch(`${this.url}/session/${this.id}`, { method: 'DELETE' });
    ensure(response.ok, `our side does not end the call: ${response.status}`);
  }
}

module.exports = { Call, Failure, ensure, same, until };
