'use strict';
// Wherever a peer's connections are, a case sees one as an object with these functions, which
// return promises:
//   offer({ iceRestart })  the SDP, with all candidates
//   accept(sdp)            an answer
//   sample()               what the peer knows, under the names of getStats
//   say(text), close()
const METHODS = ['offer', 'accept', 'sample', 'say', 'close'];

// call(name, argument...): how functions of connections.js, or their like, are called.
const sidesOf = (call) => async (options) => {
  const id = await call('open', options);
  return Object.fromEntries(METHODS.map((name) => [name, (...given) => call(name, id, ...given)]));
};

// Those of connections.js in this process.
const sidesOfOwn = (inside) => sidesOf(async (name, ...given) => inside[name](...given));

module.exports = { sidesOf, sidesOfOwn };
