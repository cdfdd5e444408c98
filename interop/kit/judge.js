'use strict';
// Compares what a drive printed with what it had to, and leaves the record of that.
// Usage: judge.js TITLE LOG LINE...    LINE: how a line of the log begins; there are no others
const fs = require('fs');
const { Record } = require('../record.js');

const [title, log, ...expected] = process.argv.slice(2);
const lines = fs.readFileSync(log, 'utf8').split('\n').filter((line) => /^(ok|FAIL|skip) /.test(line));
const missing = expected.find((start) => !lines.some((line) => line.startsWith(start)));
const other = lines.find((line) => !expected.some((start) => line.startsWith(start)));
const record = new Record({ peer: 'kit', column: 'other', title });

if (missing || other) {
  record.end('FAIL', missing ? `the drive did not say: ${missing}` : `the drive said: ${other}`);
  fs.copyFileSync(log, record.file('drive.log'));
  process.exitCode = 1;
} else {
  record.end('ok', `${lines.length} lines as expected, such as ${lines[0]}`);
}
