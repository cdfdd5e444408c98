'use strict';
// The browsers of this system, headless, with a made-up camera and microphone, also as they were
// before their hellos became post-quantum, or without DTLS 1.3.
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const { connections } = require('../ice/connections.js');
const cases = require('../ice/cases.js');
const { sidesOf } = require('../ice/sides.js');
const { survival } = require('./survival.js');
const { together } = require('./together.js');

// In a page.
function camera() {
  let stream;
  const open = () => navigator.mediaDevices.getUserMedia({
    audio: true,
    video: { width: 320, height: 240, frameRate: 15 },
  });
  return {
    RTCPeerConnection,
    tracks: async () => {
      stream = await (stream || open());
      return stream.getTracks().map((track) => [track, stream]);
    },
    watch: (pc) => {
      const video = document.createElement('video');
      video.muted = true;
      pc.addEventListener('track', (event) => {
        [video.srcObject] = event.streams;
        video.play().catch(() => {});
      });
    },
  };
}

// Signals are for main.js to hear.
const DEAF = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };

const inPage = ([name, ...given]) => window.inside[name](...given);

// Nothing of theirs is left in the user's folders, or in /tmp.
function makeHome() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'browser-'));
  return {
    env: { ...process.env, HOME: home, TMPDIR: home, XDG_RUNTIME_DIR: home },
    remove: () => fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 }),
  };
}

// A page without content, at an address that may use a camera.
function servePage() {
  const server = http.createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>page</title>');
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

// launch(home): how the browser of that name is started. All calls are in one page, for pages that are not in front are
// slowed down.
async function start(name, launch) {
  const home = makeHome();
  const server = await servePage();
  const browser = await launch(home);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(`window.inside = (${connections})((${camera})())`);
  return {
    version: `${name} ${(await browser.version()).replace(/^\D+/, '')}`,
    open: sidesOf((...given) => page.evaluate(inPage, given)),
    close: async () => {
      await browser.close();
      server.close();
      home.remove();
    },
  };
}

const chromium = (...features) => () => start('chromium', (home) => require('playwright-core').chromium.launch({
  ...DEAF,
  executablePath: '/usr/bin/chromium',
  headless: true,
  env: home.env,
  args: [
    '--no-sandbox', // which root does not get
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--allow-loopback-in-peer-connection', // where there is no network
    `--disable-features=${['WebRtcHideLocalIpsWithMdns', ...features]}`,
  ],
}));

const firefox = (preferences) => () => start('firefox', (home) => require('puppeteer-core').launch({
  browser: 'firefox',
  ...DEAF,
  executablePath: '/usr/bin/firefox-esr',
  headless: true,
  env: home.env,
  extraPrefsFirefox: {
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    ...preferences,
  },
}));

const PROFILES = ['AES128_CM_SHA1_80', 'AEAD_AES_128_GCM', 'AEAD_AES_256_GCM'];

const CHROMIUM = {
  name: 'chromium',
  lanes: 3,
  profiles: PROFILES,
  lacking: 'AES128_CM_SHA1_32',
  iceRestart: true,
  restart: 'secondAssociation',
  tlsIds: true,
  datagrams: { server: [3, 2], client: [2, 2] },
};

const FIREFOX = {
  name: 'firefox',
  lanes: 3,
  profiles: [...PROFILES, 'AES128_CM_SHA1_32'], // it has every one
  iceRestart: true,
  restart: 'ignoredAssociation',
  datagrams: { server: [3, 2], client: [2, 2] },
};

// With a hello in one datagram.
const SMALL = { brief: true, datagrams: { server: [2, 2], client: [2, 2] } };

exports.peers = [
  {
    ...CHROMIUM,
    start: chromium(),
    more: [
      ['other', 'we server, DTLS before the nomination', cases.early, { role: 'server' }],
      ['other', 'control', cases.control, {}],
      ...survival,
    ],
  },
  { ...CHROMIUM, ...SMALL, name: 'chromium without post-quantum', start: chromium('WebRtcPqcForDtls') },
  { ...FIREFOX, start: firefox({}), more: survival },
  {
    ...FIREFOX,
    ...SMALL,
    name: 'firefox without post-quantum',
    start: firefox({ 'media.webrtc.send_mlkem_keyshare': false, 'media.webrtc.enable_pq_hybrid_kex': false }),
  },
  { ...FIREFOX, ...SMALL, name: 'firefox without DTLS 1.3', start: firefox({ 'media.peerconnection.dtls.version.max': 771 }) },
  {
    ...FIREFOX,
    name: 'firefox with DTLS 1.3 alone',
    start: firefox({ 'media.peerconnection.dtls.version.min': 772 }),
    only: ['server', 'client'].map((role) => ['other', `we ${role}, no common version`, cases.noVersion, { role }]),
  },
];
exports.together = together;
