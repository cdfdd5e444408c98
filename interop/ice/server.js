'use strict';
// The server that the peers talk to, as HTTP shows it: POST an offer, take the answer (RFC 9725).
// url: where to post. wishes: whether it hears the query of examples/browser (--test). What it tells
// of a call is where a header of the answer says: Link: <PLACE>; rel="stats".
const { own } = require('./proxy.js');

class Server {
  constructor(url, wishes) {
    Object.assign(this, { url, wishes, near: own(new URL(url).hostname) });
  }

  async exchange(method, place, offer, query) {
    const url = new URL(place, this.url);
    for (const [name, value] of Object.entries((this.wishes && query) || {}))
      if (value !== undefined) url.searchParams.set(name, value);
    const response = await fetch(url, { method, headers: { 'Content-Type': 'application/sdp' }, body: offer });
    const answer = await response.text();
    if (!response.ok) throw new Error(`the server says ${response.status} ${answer.trim()}`);
    const stats = (response.headers.get('Link') || '').match(/<([^>]*)>;\s*rel="?stats/);
    return { answer, location: response.headers.get('Location'), stats: stats && stats[1] };
  }

  async stats(place) {
    const response = await fetch(new URL(place, this.url));
    if (!response.ok) throw new Error(`our side says ${response.status}`);
    return response.json();
  }

  async end(place) {
    const response = await fetch(new URL(place, this.url), { method: 'DELETE' });
    await response.text();
    return response.ok;
  }
}

module.exports = { Server };
