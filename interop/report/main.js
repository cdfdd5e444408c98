'use strict';
// Makes the report of a run from its records: report.json, report.html and report.md, which it prints.
// Before that it asks whether the browsers still offer DTLS 1.2, a case of its own for each.
const fs = require('fs');
const path = require('path');
const { ROOT } = require('../record.js');
const { checkHellos, compare } = require('./browsers.js');
const { summarise } = require('./summary.js');
const { markdown } = require('./table.js');
const { page } = require('./page.js');

const home = path.dirname(ROOT);

if (!fs.existsSync(ROOT)) {
  console.log(`FAIL report: there are no records in ${ROOT}`);
  process.exit(1);
}
if (!process.env.RECORDS) checkHellos(summarise(ROOT)); // what drives another server need not be whole
const summary = { made: new Date().toISOString().slice(0, 16).replace('T', ' '), ...summarise(ROOT) };
compare(summary);
fs.writeFileSync(path.join(home, 'report.json'), JSON.stringify(summary, null, 1));
fs.writeFileSync(path.join(home, 'report.html'), page(summary));
fs.writeFileSync(path.join(home, 'report.md'), markdown(summary));
console.log(markdown(summary));
console.log(`report: ${path.join(home, 'report.html')}`);
