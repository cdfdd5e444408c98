'use strict';
// Several RTCPeerConnections of one kind, each with a number. It runs where they are: in a page,
// into which it is put as text, or in this process.
// kind: RTCPeerConnection; tracks(): what addTrack is given, a list each; watch(pc), which plays what comes, and may
// return a function that counts what was understood of it.
function connections(kind) {
  const calls = [];
  const STREAMS = ['packetsReceived', 'packetsSent', 'framesDecoded', 'framesEncoded', 'packetsLost', 'roundTripTime'];
  const TRANSPORT = ['dtlsState', 'dtlsRole', 'dtlsCipher', 'srtpCipher', 'tlsVersion', 'iceLocalUsernameFragment', 'selectedCandidatePairChanges'];

  async function gathered(pc) {
    while (pc.iceGatheringState !== 'complete')
      await new Promise((resolve) => {
        pc.addEventListener('icegatheringstatechange', resolve, { once: true });
      });
  }

  async function open({ media = true, data = false } = {}) {
    const pc = new kind.RTCPeerConnection();
    const call = { pc, said: [] };
    const id = calls.push(call) - 1;
    if (media) {
      call.understood = kind.watch(pc);
      for (const added of await kind.tracks()) pc.addTrack(...added);
    }
    if (data) {
      call.channel = pc.createDataChannel('test', { negotiated: true, id: 0 });
      call.channel.onmessage = (event) => call.said.push(event.data);
    }
    return id;
  }

  async function offer(id, options) {
    const { pc } = calls[id];
    await pc.setLocalDescription(await pc.createOffer(options));
    await gathered(pc);
    return pc.localDescription.sdp;
  }

  const accept = (id, sdp) => calls[id].pc.setRemoteDescription({ type: 'answer', sdp });

  const pick = (report, names) =>
    Object.fromEntries(names.map((name) => [name, report[name]]).filter((pair) => pair[1] !== undefined));

  // Later reports of one kind stand for later associations.
  async function sample(id) {
    const { pc, channel, said, understood } = calls[id];
    const found = { connection: pc.connectionState, ice: pc.iceConnectionState, transport: {} };
    for (const report of (await pc.getStats()).values()) {
      if (report.type === 'transport') found.transport = pick(report, TRANSPORT);
      else if (/^(remote-)?(in|out)bound-rtp$/.test(report.type))
        found[`${report.type} ${report.kind}`] = pick(report, STREAMS);
    }
    const sender = pc.getSenders()[0];
    const transport = pc.sctp ? pc.sctp.transport : sender && sender.transport;
    found.dtls = transport ? transport.state : undefined;
    found.channel = channel && channel.readyState;
    found.said = said;
    found.understood = understood ? understood() : (found['inbound-rtp video'] || {}).framesDecoded;
    return found;
  }

  const say = (id, text) => calls[id].channel.send(text);
  const close = (id) => calls[id].pc.close();

  return { open, offer, accept, sample, say, close };
}

module.exports = { connections };
