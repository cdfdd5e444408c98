'use strict';
// Cases with several browsers at once, on one UDP port.
const { ensure, same } = require('../ice/call.js');
const { good, profileOf } = require('../ice/cases.js');

// Each hears its own media: nobody's packets reach another one, which would fail to authenticate.
async function several({ talk }) {
  const [chromium, firefox] = talk.peers;
  const wanted = [
    [chromium, { role: 'server' }],
    [chromium, { role: 'client' }],
    [chromium, { role: 'server', profiles: 'AEAD_AES_256_GCM' }],
    [firefox, { role: 'client' }],
  ];
  const calls = [];
  for (const [peer, query] of wanted) calls.push(await talk.open({ query }, peer));
  const results = await Promise.all(calls.map(async (call, i) => good(call, await profileOf(call), wanted[i][1].role)));
  same('how many fingerprints were proven', new Set(results.map(({ ours }) => ours.provenFingerprint)).size, calls.length);
  return `${calls.length} calls of 2 browsers, ${results.map(({ ours }) => ours.counts.srtp.in).join(' + ')} SRTP packets in`;
}

// SCTP packets of one browser reach the other one as application data, and are understood there.
async function dataChannel({ talk }) {
  const pair = `p${process.pid}`;
  const open = (peer, role) => talk.open({ query: { role, pair }, media: false, data: true }, peer);
  const calls = [await open(talk.peers[0], 'server'), await open(talk.peers[1], 'client')];
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
async function brokenOffers({ talk }) {
  const call = await talk.open({ query: {} });
  await profileOf(call);
  const { offer } = call;
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
    const response = await fetch(new URL(path + query, talk.server.url), { method, headers, body });
    const text = await response.text();
    same(`the status of ${method} ${path}${query} of ${JSON.stringify(String(body).slice(0, 40))}`, response.status, status);
    if (status >= 400) ensure(/^[A-Z].{10,}\.\n$/.test(text), `this is no sentence: ${text}`);
    else await fetch(new URL(response.headers.get('Location'), talk.server.url), { method: 'DELETE' });
  }
  same('the state of the call beside', (await call.ours()).state, 'ready');
  return `${posts.length} posts got their status and a sentence`;
}

exports.together = [
  [['chromium'], 'other', 'broken offers', brokenOffers],
  [['chromium', 'firefox'], 'media', 'several at once on one port', several],
  [['chromium', 'firefox'], 'data', 'a data channel', dataChannel],
];
