'use strict';
// Where there is no display: opens the page in a headless Chromium, presses the button, waits until
// frames have come back, and takes pictures.
// Usage: look.js URL FOLDER
const path = require('path');
const { chromium } = require('playwright-core');

const PATIENCE = 30000; // milliseconds
const [url, folder] = process.argv.slice(2);

// The picture that came back is not one colour: something was really decoded and drawn.
const colours = () => {
  const video = document.getElementById('remote');
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
  const pen = canvas.getContext('2d');
  pen.drawImage(video, 0, 0, 64, 36);
  const seen = new Set();
  const { data } = pen.getImageData(0, 0, 64, 36);
  for (let i = 0; i < data.length; i += 4) seen.add(`${data[i] >> 4} ${data[i + 1] >> 4} ${data[i + 2] >> 4}`);
  return seen.size;
};

const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;

async function main() {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      '--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    await page.goto(url);
    await page.click('#button');
    await page.waitForSelector('#message.good, #message.bad');
    const message = await page.textContent('#message');
    if (await page.$('#message.bad')) throw new Error(message);
    await page.waitForFunction(() => Number(document.querySelector('#counts tr:nth-child(3) td').textContent) > 100);
    console.log(await page.textContent('#view'));
    const shot = path.join(folder, 'page.png');
    await page.screenshot({ path: shot, fullPage: true });
    console.log(`screenshot: ${shot}`);
    const count = await page.evaluate(colours);
    if (count < 4) throw new Error(`the picture that came back has only ${count} colours`);
    await page.setViewportSize({ width: 420, height: 900 });
    await page.screenshot({ path: path.join(folder, 'page-narrow.png'), fullPage: true });
    if ((await page.evaluate(overflow)) > 0) throw new Error('the page is wider than a narrow window');
    await page.click('#button');
    await page.waitForFunction(() => document.getElementById('state').textContent === 'closed');
    console.log(await page.textContent('#message'));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(`look: ${error.message.split('\n')[0]}`);
  process.exitCode = 1;
});
