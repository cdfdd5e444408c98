'use strict';
// The matrix as a table of Markdown, which is readable as it is.
const { COLUMNS } = require('./summary.js');

const words = (cell) => (!cell ? '' : [
  cell.ok > 0 && `${cell.ok}`, cell.FAIL > 0 && `**${cell.FAIL} FAILED**`, cell.skip > 0 && `${cell.skip} skipped`,
].filter(Boolean).join(', '));

function markdown({ peers }) {
  const used = Object.keys(COLUMNS).filter((column) => peers.some((peer) => peer.cells[column]));
  const rows = [
    ['peer', ...used.map((column) => COLUMNS[column])],
    ...peers.map((peer) => [peer.label, ...used.map((column) => words(peer.cells[column]))]),
  ];
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => (i > 0 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i > 0 ? '-'.repeat(width - 1) + ':' : '-'.repeat(width)));
  return `${[rows[0], rule, ...rows.slice(1)].map(line).join('\n')}\n`;
}

module.exports = { markdown };
