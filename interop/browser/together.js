'use strict';
// Cases with several browsers at once, on one UDP port.
const { Call, ensure, same } = require('./call.js');
const { good, profileOf } = require('./cases.js');

// Each hears its own media: nobody's packets reach another one, which would fail to authenticate.
async function several({ url, pages: [chromium, firefox] }) {
  const page = await chromium();
  const first = await Call.open(url, page, { query: { role: 'server' } });
  const calls = [
    first,
    await Call.more(url, page, { query: { role: 'client' } }),
    await Call.open(url, await chromium(), { query: { role: 'server', profiles: 'AEAD_AES_256_GCM' } }),
    await Call.open(url, await firefox(), { query: { role: 'client' } }),
  ];
  const roles = ['server', 'client', 'server', 'client'];
  const results = await Promise.all(calls.map(async (call, i) => good(call, await profileOf(call), roles[i])));
  same('how many fingerprints were proven', new Set(results.map(({ ours }) => ours.provenFingerprint)).size, calls.length);
  return `${calls.length} calls of 2 browsers, ${results.map(({ ours }) => ours.counts.srtp.in).join(' + ')} SRTP packets in`;
}

// SCTP packets of one browser reach the other one as application data, and are understood there.
async function dataChannel({ url, pages: [chromium, firefox] }) {
  const pair = `p${process.pid}`;
  const open = async (page, role) =>
    Call.open(url, await page(), { query: { role, pair }, media: false, data: true });
  const calls = [await open(chromium, 'server'), await open(firefox, 'client')];
  const words = 'x'.repeat(3000); // three SCTP packets at least
  await Promise.all(calls.map((call) => call.untilTheirs('the channel opens', (theirs) => theirs.channel === 'open')));
  await calls[0].say(`from Chromium ${words}`);
  await calls[1].say(`from Firefox ${words}`);
  const said = await Promise.all(calls.map((call) => call.untilTheirs('a message arrives', (theirs) => theirs.said.length > 0)));
  same('what Chromium heard', said[0].said[0], `from Firefox ${words}`);
  same('what Firefox heard', said[1].said[0], `from Chromium ${words}`);
  const ours = await Promise.all(calls.map((call) => call.ours()));
  ours.forEach((mine) => {
    same('our state', mine.state, 'ready');
    ensure(mine.counts.sctp.in > 0 && mine.dataBytes > 3000, 'too few SCTP bytes were counted');
  });
  return `3 kB each way, ${ours[0].counts.sctp.in} + ${ours[1].counts.sctp.in} SCTP packets`;
}

// Whatever a page posts, it is told in a sentence what is wrong with it.
async function brokenOffers({ url, pages: [chromium] }) {
  const call = await Call.open(url, await chromium(), { query: {} });
  const offer = await call.ownOffer();
  const type = { 'Content-Type': 'application/sdp' };
  const without = (pattern) => offer.replace(pattern, 'a=x-gone');
  const posts = [
    ['', 400], ['hello', 400], ['v=0\r\n', 400], [offer.slice(0, 300), 400],
    [without(/a=fingerprint:.*/g), 400], [offer.replace(/a=fingerprint:sha-256 ../g, 'a=fingerprint:sha-256 XX'), 400],
    [offer.replace(/a=fingerprint:sha-256/g, 'a=fingerprint:sha-1'), 400], [without(/a=setup:.*/g), 201],
    [offer.replace(/a=setup:actpass/g, 'a=setup:holdconn'), 400], [offer.replace(/a=setup:actpass/g, 'a=setup:sideways'), 400],
    [without(/a=ice-ufrag:.*/g), 400], [offer.replace(/a=ice-ufrag:.*/g, `a=ice-ufrag:${'u'.repeat(300)}`), 400],
    [without(/a=rtcp-mux/g), 400], [without(/a=group:BUNDLE.*/g), 400], [without(/a=mid:.*/g), 400],
    [offer.replace(/m=(audio|video)/g, 'm=text'), 400], [offer + 'm=text 9 X 0\r\na=mid:9\r\n'.repeat(20), 400],
    [offer + 'x'.repeat(70000), 413], ['\0'.repeat(500), 400], [offer.replace(/\r\n/g, '\n'), 201],
    [offer, 415, { headers: { 'Content-Type': 'text/plain' } }], [offer, 405, { method: 'PUT' }],
    [offer, 400, { query: '?role=both' }], [offer, 400, { query: '?profiles=NULL' }],
    [offer, 404, { path: '/session/nobody', method: 'PATCH' }], [undefined, 404, { path: '/stats/nobody', method: 'GET' }],
  ];
  for (const [body, status, { headers = type, method = 'POST', path = '/whip', query = '' } = {}] of posts) {
    const response = await fetch(`${url}${path}${query}`, { method, headers, body });
    const text = await response.text();
    same(`the status of ${method} ${path}${query} of ${JSON.stringify(String(body).slice(0, 40))}`, response.status, status);
    if (status >= 400) ensure(/^[A-Z].{10,}\.\n$/.test(text), `this is no sentence: ${text}`);
    else await fetch(`${url}${response.headers.get('Location')}`, { method: 'DELETE' });
  }
  same('the state of the call beside', (await call.ours()).state, 'ready');
  return `${posts.length} posts got their status and a sentence`;
}

exports.cases = [
  ['other', 'broken offers', brokenOffers],
  ['media', 'several at once on one port', several],
  ['data', 'a data channel', dataChannel],
];
