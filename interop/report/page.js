'use strict';
// The report as one page that needs nothing else; links lead to the records beside it.
const fs = require('fs');
const path = require('path');
const { COLUMNS } = require('./summary.js');

class Markup {
  constructor(text) {
    this.text = text;
  }
}

const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

function flat(value) {
  if (Array.isArray(value)) return value.map(flat).join('');
  if (value instanceof Markup) return value.text;
  return value === undefined || value === null || value === false ? '' : escaped(value);
}

// Whatever is filled in is text, unless it was made by this.
const html = (strings, ...values) => new Markup(strings.reduce((all, part, i) => all + flat(values[i - 1]) + part));

const state = (cell) => (!cell ? 'none' : cell.FAIL > 0 ? 'bad' : cell.ok > 0 ? 'good' : 'skipped');
const counts = (cell) => [
  cell.FAIL > 0 && html`<span>${cell.FAIL} failed</span>`,
  cell.ok > 0 && html`<span>${cell.ok}</span>`,
  cell.skip > 0 && html`<small>${cell.skip} skipped</small>`,
];
const place = (peer, column) => `${peer.peer}-${column}`.replace(/[^A-Za-z0-9]+/g, '-');

// Where our role is not known the sides are client and server.
const who = (one, { from }) => ({ ours: 'rtpgate', theirs: one.peer })[from] || from;

// Who sent what more than once; a flight whose messages went equally often is told as a whole.
function repeated(one) {
  const flights = new Map();
  for (const message of one.wire ? one.wire.messages : []) {
    const key = `${message.handshake} ${message.flight}`;
    flights.set(key, [...(flights.get(key) || []), message]);
  }
  const told = [...flights.values()].filter((messages) => messages.some(({ sent }) => sent > 1)).map((messages) => {
    const [first] = messages;
    const { flight, sent } = first;
    const alike = messages.every((message) => message.sent === sent);
    const often = messages.filter((message) => message.sent > 1).map((message) => `${message.message} ${message.sent} times`);
    return html`<div>${who(one, first)}: flight ${flight}${alike ? `, ${sent} times` : `: ${often.join(', ')}`}</div>`;
  });
  const [timers, answers] = [Number(one['ours-retransmissions'] || 0), Number(one['ours-answers'] || 0)];
  return [told, timers + answers > 0 && html`<div class="dim">ours: ${timers} by timer, ${answers} as answers</div>`];
}

const datagramRow = (one, row) => html`<tr class="${row.from}${row.fate === 'lost' && ' lost'}">
<td>${row.milliseconds.toFixed(1)}</td><td>${who(one, row)}</td><td>${row.bytes}</td><td>${row.what}</td><td>${row.fate}</td></tr>`;

const messageRow = (one, row, i, rows) => html`${i > 0 && row.handshake !== rows[i - 1].handshake && html`<tr><td colspan="5">another hello:</td></tr>`}
<tr class="${row.from}"><td>${row.flight}</td><td>${who(one, row)}</td><td>${row.message}</td><td>${row.sent}</td><td>${row.lost || ''}</td></tr>`;

// Each datagram of the handshake and what came after it, beside what that makes for each message.
function ladder(one) {
  const { datagrams, messages, count, others } = one.wire;
  return html`<details><summary>${count} datagrams${others > 0 && html`, and ${others} that are not DTLS`}</summary><div class="ladders">
<table class="ladder"><thead><tr><th>ms</th><th>from</th><th>bytes</th><th>what</th><th>fate</th></tr></thead>
<tbody>${datagrams.map((row) => datagramRow(one, row))}</tbody></table>
<table class="ladder"><thead><tr><th>flight</th><th>from</th><th>message</th><th>sent</th><th>lost</th></tr></thead>
<tbody>${messages.map((row, i, rows) => messageRow(one, row, i, rows))}</tbody></table></div></details>`;
}

const link = (one, name) => html`<a href="${[...one.folder.split('/'), name].map(encodeURIComponent).join('/')}">${name}</a> `;

function caseRow(one) {
  const keys = (one.wire && one.wire.toKeys) || {};
  return html`<tr class="${{ ok: 'good', FAIL: 'bad', skip: 'skipped' }[one.outcome]}">
<td class="outcome">${{ ok: 'passed', FAIL: 'FAILED', skip: 'skipped' }[one.outcome]}</td>
<td><strong>${one.title}</strong><div class="dim">${one.detail}</div>${one.reason && html`<div class="dim">${one.reason}</div>`}</td>
<td>${one['dtls-version']}<div>${one.suite}</div><div>${one.group} ${one['negotiated-profile']}</div></td>
<td class="number">${keys.datagrams}</td><td class="number">${keys.milliseconds !== undefined ? keys.milliseconds.toFixed(1) : one.milliseconds}</td>
<td>${repeated(one)}</td><td>${one.files.map((name) => link(one, name))}</td></tr>
${one.wire && one.wire.count > 0 && html`<tr class="more"><td></td><td colspan="6">${ladder(one)}</td></tr>`}`;
}

function panel(peer, column, width) {
  const cases = peer.cases.filter((one) => one.columns.includes(column));
  return html`<tr class="panel" id="${place(peer, column)}"><td colspan="${width}"><a class="close" href="#matrix">close</a>
<h3>${peer.label}: ${COLUMNS[column]}</h3>
<div class="wide"><table class="cases"><thead><tr><th></th><th>case</th><th>negotiated</th><th>datagrams to keys</th><th>ms to keys</th>
<th>sent more than once</th><th>files</th></tr></thead>
<tbody>${cases.map((one) => caseRow(one))}</tbody></table></div></td></tr>`;
}

function matrix({ peers }) {
  const used = Object.keys(COLUMNS).filter((column) => peers.some((peer) => peer.cells[column]));
  const cell = (peer, column) => (peer.cells[column] ?
    html`<td class="cell ${state(peer.cells[column])}"><a href="#${place(peer, column)}">${counts(peer.cells[column])}</a></td>` :
    html`<td class="cell none"></td>`);
  return html`<div class="wide"><table id="matrix"><thead><tr><th>peer</th>${used.map((column) => html`<th>${COLUMNS[column]}</th>`)}</tr></thead>
<tbody>${peers.map((peer) => html`<tr><th>${peer.peer}<div class="dim">${peer.version}</div></th>${used.map((column) => cell(peer, column))}</tr>
${used.filter((column) => peer.cells[column]).map((column) => panel(peer, column, used.length + 1))}`)}</tbody></table></div>`;
}

// Long names may break behind their underscores.
const breakable = (text) => text.split(/(?<=_)/).map((part, i) => html`${i > 0 && html`<wbr>`}${part}`);

const helloRow = (what, list) => list && list.length > 0 && html`<dt>${what}</dt><dd>${list.map((one) => html`<span>${breakable(one)}</span> `)}</dd>`;

const changesOf = (changes) => (changes.length === 0 ? html`<p class="same">As captured in tests/data.</p>` :
  html`<p class="changed">Not as captured in tests/data:</p><ul class="changed">${changes.map((one) => html`<li>${one}</li>`)}</ul>`);

function helloCard({ label, hello, changes }) {
  return html`<article><h3>${label}</h3>${changes && changesOf(changes)}
<dl>${helloRow('size', [`${hello.bytes} bytes in datagrams of ${hello.datagrams.join(' + ')}`])}
${helloRow('versions', hello.versions)}${helloRow('use_srtp', [...(hello.profiles || []), ...(hello.mki ? [`MKI of ${hello.mki} bytes`] : [])])}
${helloRow('groups', hello.groups)}${helloRow('key shares', hello.shares)}${helloRow('cipher suites', hello.suites)}
${helloRow('signatures', hello.signatures)}${helloRow('ALPN', hello.protocols)}
${helloRow('extensions', hello.extensions.map((one) => `${one.name} (${one.bytes})`))}</dl></article>`;
}

const failures = (peers) => peers.flatMap((peer) => peer.cases.filter((one) => one.outcome === 'FAIL').map((one) =>
  html`<li><a href="#${place(peer, one.columns[0])}">${peer.peer}: ${one.title}</a>: ${one.detail}</li>`));

function page(summary) {
  const { total, peers, made } = summary;
  const failed = failures(peers);
  const hellos = peers.filter((peer) => peer.hello);
  return html`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>rtpgate and its peers</title><style>${new Markup(fs.readFileSync(path.join(__dirname, 'page.css'), 'utf8'))}</style>
<header><h1>rtpgate and its peers</h1>
<p><strong class="good">${total.ok} passed</strong>, <strong class="${total.FAIL > 0 ? 'bad' : ''}">${total.FAIL} failed</strong>, ${total.skip} skipped;
${peers.length} peers, ${made}</p></header>
<main>${failed.length > 0 && html`<section class="failures"><h2>Failed</h2><ul>${failed}</ul></section>`}
<p class="dim">How many cases passed for each peer and question; a case may count in two columns. A number opens its cases: what was negotiated, what
was sent more than once, each datagram with its fate, the capture and the keys that decrypt it.</p>
${matrix(summary)}
<section><h2>What the peers offer</h2>
<p class="dim">The ClientHello of each peer that was a client, of a case that nothing disturbed.</p>
<div class="hellos">${hellos.filter((peer) => peer.changes).map(helloCard)}</div>
<details><summary>the other peers</summary><div class="hellos">${hellos.filter((peer) => !peer.changes).map(helloCard)}</div></details></section></main></html>`.text;
}

module.exports = { page };
