'use strict';
// One button: send the camera to /whip, play what comes back, show what /stats says.

const element = (id) => document.getElementById(id);
const PROTOCOLS = [
  ['stun', 'STUN', 'is this path open, and who is there?'],
  ['dtls', 'DTLS', 'the handshake that makes the keys'],
  ['srtp', 'SRTP', 'sound and picture'],
  ['srtcp', 'SRTCP', 'reports: lost packets, key frames wanted'],
  ['sctp', 'SCTP in DTLS', 'the data channel: counted, not read'],
];
let call = null;

function tell(text, kind = '') {
  element('message').textContent = text;
  element('message').className = kind;
}

// Without a camera a clock is drawn, so that there is a picture to send.
function drawnStream() {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
  const pen = canvas.getContext('2d');
  setInterval(() => {
    pen.fillStyle = `hsl(${(Date.now() / 50) % 360} 60% 35%)`;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.fillStyle = 'white';
    pen.font = '60px sans-serif';
    pen.fillText(new Date().toISOString().slice(11, 22), 150, 200);
  }, 40);
  return canvas.captureStream(25);
}

async function openCamera() {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
  } catch (error) {
    tell(`There is no camera to use (${error.message}): a drawn picture is sent.`);
    return drawnStream();
  }
}

function gathered(pc) {
  return new Promise((resolve) => {
    const look = () => pc.iceGatheringState === 'complete' && resolve();
    pc.addEventListener('icegatheringstatechange', look);
    look();
  });
}

// WHIP (RFC 9725): post the offer, get the answer.
async function post(pc) {
  const query = new URLSearchParams({ role: element('role').value });
  if (element('profile').value) query.set('profiles', element('profile').value);
  const response = await fetch(`/whip?${query}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp' },
    body: pc.localDescription.sdp,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim());
  await pc.setRemoteDescription({ type: 'answer', sdp: text });
  return response.headers.get('Location');
}

async function start() {
  const stream = await openCamera();
  const pc = new RTCPeerConnection();
  call = { pc, stream, location: null, timer: 0 };
  element('local').srcObject = stream;
  stream.getTracks().forEach((track) => pc.addTrack(track, stream));
  if (element('data').checked) pc.createDataChannel('counted');
  pc.addEventListener('track', (event) => {
    [element('remote').srcObject] = event.streams;
  });
  await pc.setLocalDescription(await pc.createOffer());
  await gathered(pc);
  call.location = await post(pc);
  element('timeline').replaceChildren();
  element('begin').textContent = '';
  call.timer = setInterval(() => show(call).catch((error) => tell(error.message, 'bad')), 500);
}

async function stop() {
  const ending = call;
  call = null;
  clearInterval(ending.timer);
  if (ending.location) {
    await fetch(ending.location, { method: 'DELETE' });
    await show(ending);
  }
  ending.pc.close();
  ending.stream.getTracks().forEach((track) => track.stop());
  element('local').srcObject = element('remote').srcObject = null;
}

function put(id, text, kind = '') {
  element(id).textContent = text || '';
  element(id).className = kind;
}

function putAgreed(stats) {
  const bad = stats.state === 'failed';
  put('state', stats.state, stats.state === 'ready' ? 'good' : bad ? 'bad' : '');
  put('dtls', stats.dtls);
  put('client', stats.role === 'client' ? 'rtpgate' : 'the browser');
  put('library', stats.library);
  put('srtp', stats.profile);
  put('suite', stats.cipherSuite);
  put('group', stats.group);
  put('handshake', stats.handshakeMicroseconds > 0 ? `${(stats.handshakeMicroseconds / 1000).toFixed(1)} ms` : '');
  put('offered', stats.offeredFingerprint);
  const equal = stats.provenFingerprint === stats.offeredFingerprint;
  put('proven', stats.provenFingerprint, equal ? 'good' : 'bad');
  put('ours', stats.ourFingerprint);
  if (bad) tell(`The association failed: ${stats.error}`, 'bad');
}

function putCounts(counts) {
  const rows = PROTOCOLS.filter(([key]) => key !== 'sctp' || counts.sctp.in > 0).map(([key, name, what]) => {
    const row = document.createElement('tr');
    const cell = (tag, text, kind) => Object.assign(document.createElement(tag), { textContent: text, className: kind });
    row.append(cell('th', name, ''), cell('td', counts[key].in, 'number'), cell('td', counts[key].out, 'number'),
      cell('td', what, 'what'));
    return row;
  });
  element('counts').replaceChildren(...rows);
}

// What the browser says itself: it has to agree.
async function putView(pc, stats) {
  const reports = [...(await pc.getStats()).values()];
  const of = (type, kind) => reports.find((report) => report.type === type && (!kind || report.kind === kind)) || {};
  const transport = of('transport');
  const video = of('inbound-rtp', 'video');
  const { authFailures, replays, malformed } = stats.media;
  put('view', `The browser says: DTLS ${transport.dtlsState || 'new'}, ${transport.srtpCipher || 'no SRTP yet'}, ` +
    `${video.packetsReceived || 0} video packets came back, ${video.framesDecoded || 0} frames decoded. ` +
    `rtpgate refused ${authFailures + replays + malformed} packets.`, 'hint');
  if (video.framesDecoded > 0 && stats.state === 'ready')
    tell('It works: the right picture went through rtpgate.', 'good');
}

async function show(shown) {
  const response = await fetch(shown.location.replace('session', 'stats'));
  if (!response.ok) throw new Error(await response.text());
  const stats = await response.json();
  putAgreed(stats);
  putCounts(stats.counts);
  drawTimeline(element('timeline'), stats.timeline);
  await putView(shown.pc, stats);
}

element('controls').addEventListener('submit', async (event) => {
  const button = element('button');
  event.preventDefault();
  button.disabled = true;
  try {
    if (call) {
      await stop();
      tell('Stopped: close_notify has told the browser, too.');
    } else {
      tell('');
      await start();
    }
  } catch (error) {
    tell(error.message, 'bad');
    if (call) await stop().catch(() => {});
  }
  button.disabled = false;
  button.textContent = call ? 'Stop' : 'Send my camera';
  button.classList.toggle('stop', Boolean(call));
});

addEventListener('pagehide', () => {
  if (call && call.location) fetch(call.location, { method: 'DELETE', keepalive: true });
});
putCounts(Object.fromEntries(PROTOCOLS.map(([key]) => [key, { in: 0, out: 0 }])));
