'use strict';
// Starts the browsers of this system, headless, with a made-up camera and microphone.
const fs = require('fs');
const os = require('os');
const path = require('path');

const CHROMIUM = '/usr/bin/chromium';
const FIREFOX = '/usr/bin/firefox-esr';

// Nothing of theirs is left in the user's folders, or in /tmp.
function makeHome() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'browser-'));
  return {
    env: { ...process.env, HOME: home, TMPDIR: home, XDG_RUNTIME_DIR: home },
    remove: () => fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 }),
  };
}

async function chromium() {
  const { chromium: driver } = require('playwright-core');
  const home = makeHome();
  const browser = await driver.launch({
    executablePath: CHROMIUM,
    headless: true,
    env: home.env,
    args: [
      '--no-sandbox', // which root does not get
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--allow-loopback-in-peer-connection', // where there is no network
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  });
  return {
    peer: 'chromium',
    version: `Chromium ${browser.version()}`,
    page: async () => (await browser.newContext()).newPage(),
    close: async () => {
      await browser.close();
      home.remove();
    },
  };
}

async function firefox() {
  const driver = require('puppeteer-core');
  const home = makeHome();
  const browser = await driver.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    env: home.env,
    extraPrefsFirefox: {
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
    },
  });
  return {
    peer: 'firefox',
    version: (await browser.version()).replace(/^firefox\//i, 'Firefox '),
    page: () => browser.newPage(),
    close: async () => {
      await browser.close();
      home.remove();
    },
  };
}

// A browser that is not installed is null.
async function start(name) {
  if (!fs.existsSync(name === 'Chromium' ? CHROMIUM : FIREFOX)) return null;
  return name === 'Chromium' ? chromium() : firefox();
}

module.exports = { start };
