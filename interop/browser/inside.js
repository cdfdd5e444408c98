'use strict';
// What runs inside of a browser: one RTCPeerConnection for each call. Serialised as a whole.
function install() {
  const calls = {};

  async function gathered(pc) {
    while (pc.iceGatheringState !== 'complete')
      await new Promise((resolve) => {
        pc.addEventListener('icegatheringstatechange', resolve, { once: true });
      });
  }

  async function exchange(call, method, url) {
    await call.pc.setLocalDescription(await call.pc.createOffer(call.offerOptions));
    await gathered(call.pc);
    let offer = call.pc.localDescription.sdp;
    if (call.tlsId) offer = offer.replace(/a=setup:/g, `a=tls-id:${call.tlsId}\r\na=setup:`);
    const response = await fetch(url, {
      method,
      headers: { 'Content-Type': 'application/sdp' },
      body: offer,
    });
    let answer = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${answer.trim()}`);
    if (call.port) answer = answer.replace(/^(a=candidate:.* )\d+( typ host)/gm, `$1${call.port}$2`);
    call.location = response.headers.get('Location');
    call.answer = answer;
    await call.pc.setRemoteDescription({ type: 'answer', sdp: answer });
    call.offerOptions = undefined;
    return call.location.split('/').pop();
  }

  async function open({ query, media = true, data = false, tlsId, port }) {
    const pc = new RTCPeerConnection();
    const call = { pc, tlsId, port, said: [] };
    if (media) {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: true,
        video: { width: 320, height: 240, frameRate: 15 },
      });
      stream.getTracks().forEach((track) => pc.addTrack(track, stream));
      call.stream = stream;
      const video = document.createElement('video');
      video.muted = true;
      pc.addEventListener('track', (event) => {
        [video.srcObject] = event.streams;
        video.play().catch(() => {});
      });
    }
    if (data) {
      call.channel = pc.createDataChannel('test', { negotiated: true, id: 0 });
      call.channel.onmessage = (event) => call.said.push(event.data);
    }
    const id = await exchange(call, 'POST', `/whip?${query}`);
    calls[id] = call;
    return id;
  }

  // A later offer for the same call.
  async function again(id, { query = '', iceRestart = false, tlsId }) {
    const call = calls[id];
    if (tlsId) call.tlsId = tlsId;
    call.offerOptions = { iceRestart };
    await exchange(call, 'PATCH', `${call.location}?${query}`);
  }

  const pick = (report, names) =>
    Object.fromEntries(names.map((name) => [name, report[name]]).filter((pair) => pair[1] !== undefined));

  async function sample(id) {
    const call = calls[id];
    const found = { connection: call.pc.connectionState, ice: call.pc.iceConnectionState };
    const streams = ['packetsReceived', 'packetsSent', 'framesDecoded', 'framesEncoded', 'packetsLost', 'roundTripTime'];
    for (const report of (await call.pc.getStats()).values()) {
      if (report.type === 'transport')
        found.transport = pick(report, ['dtlsState', 'dtlsRole', 'dtlsCipher', 'srtpCipher', 'tlsVersion', 'iceLocalUsernameFragment', 'selectedCandidatePairChanges']);
      else if (/^(remote-)?(in|out)bound-rtp$/.test(report.type))
        found[`${report.type} ${report.kind}`] = pick(report, streams);
    }
    const sender = call.pc.getSenders()[0] || call.pc.sctp;
    const transport = call.pc.sctp ? call.pc.sctp.transport : sender && sender.transport;
    found.dtls = transport ? transport.state : undefined;
    found.channel = call.channel && call.channel.readyState;
    found.said = call.said;
    found.setup = (call.answer.match(/a=setup:(\w+)/) || [])[1];
    return found;
  }

  const say = (id, text) => calls[id].channel.send(text);
  const close = (id) => calls[id].pc.close();
  const ownFingerprint = (id) => calls[id].pc.localDescription.sdp.match(/a=fingerprint:(.*)/)[1].trim();

  // Nothing is left at our side.
  const end = () => Promise.all(Object.values(calls).map((call) => {
    call.pc.close();
    return fetch(call.location, { method: 'DELETE' });
  }));

  window.inside = { calls, open, again, sample, say, close, end, ownFingerprint };
}

module.exports = { install };
