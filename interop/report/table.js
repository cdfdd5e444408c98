'use strict';
// The matrix as a table of Markdown, which is readable as it is.
const { COLUMNS } = require('./summary.js');

function words(cell) {
  if (!cell) return '';
  const parts = [];
  if (cell.ok > 0) parts.push(`${cell.ok}`);
  if (cell.FAIL > 0) parts.push(`**${cell.FAIL} FAILED**`);
  if (cell.skip > 0) parts.push(`${cell.skip} skipped`);
  return parts.join(', ');
}

function markdown({ peers }) {
  const used = Object.keys(COLUMNS).filter((column) => peers.some((peer) => peer.cells[column]));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(['peer', 'version', ...used.map((column) => COLUMNS[column])]),
    line(['---', '---', ...used.map(() => '---:')]),
    ...peers.map((peer) => line([peer.peer, peer.version || '', ...used.map((column) => words(peer.cells[column]))])),
    '',
  ].join('\n');
}

module.exports = { markdown };
