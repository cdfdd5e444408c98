'use strict';
// That the check of the browsers' hellos can fail.
const assert = require('node:assert');
const { test } = require('node:test');
const { judge, known } = require('./browsers.js');
const { differences } = require('./hello.js');

for (const browser of ['chromium', 'firefox']) {
  const hello = known(browser);
  const newer = { ...hello, versions: hello.versions.filter((version) => version !== 'DTLS 1.2') };

  test(`${browser}: DTLS 1.2 is seen`, () => assert.equal(judge(hello)[0], 'ok'));
  test(`${browser}: without DTLS 1.2 it fails`, () => assert.equal(judge(newer)[0], 'FAIL'));
  test(`${browser}: without a hello it fails`, () => assert.equal(judge(null)[0], 'FAIL'));
  test(`${browser}: another offer is told`, () => {
    assert.deepEqual(differences(hello, hello), []);
    assert.match(differences(hello, newer).join(), /^versions: was .*DTLS 1.2.*, is DTLS 1.3/);
    const gone = { ...hello, extensions: hello.extensions.slice(1) };
    assert.deepEqual(differences(hello, gone), [`extension ${hello.extensions[0].name} (${hello.extensions[0].bytes}) is gone`]);
  });
}
