'use strict';
// Draws the moments of a call between two lines: the browser's on the left, rtpgate's on the right.

const MOMENTS_SHOWN = 40;

function drawMoment(moment) {
  const row = document.createElement('li');
  const time = document.createElement('time');
  const what = document.createElement('div');
  const text = document.createElement('span');
  time.textContent = `${moment.ms.toFixed(1)} ms`;
  what.className = `moment ${moment.lane} ${moment.direction}`;
  text.textContent = moment.text;
  what.append(text);
  if (moment.bytes > 0) {
    const bytes = document.createElement('small');
    bytes.textContent = ` ${moment.bytes} bytes`;
    what.append(bytes);
  }
  row.append(time, what);
  return row;
}

function drawTimeline(list, moments) {
  const shown = moments.slice(0, MOMENTS_SHOWN);
  for (const moment of shown.slice(list.children.length)) list.append(drawMoment(moment));
}
