// Near by: each message as an arrow, each event as a mark, with words where there is room.

const kFaded = 0.14;

// How far a message gets that is lost, in pixels to the right.
function lostReach() {
  return view.axis === 'order' ? 14 : Math.min(40, Math.max(10, typical * scale() * 0.5));
}
function fateColour(s, e) {
  const fates = {
    drop: colour.red,
    'cut off': colour.band,
    'nobody up': colour.grey,
    duplicate: colour.purple,
    stale: colour.purple,
    damage: colour.amber
  };
  return (e >= 0 && fates[kindName(e)]) || colourOfMessage(s);
}

// Calls with each copy of each message that crosses the view.
function forEachMessage(first, last, use) {
  const far = Math.min(count, last + 2000);
  for (let e = first; e < far; ++e) {
    if (send[e] >= 0 && send[e] < last) use(send[e], e);
  }
  for (let s = first; s < last; ++s) {
    if (kind[s] !== kindOf.send) continue;
    if (firstEnd[s] < 0) use(s, -1);
    for (let e = firstEnd[s]; e >= 0; e = nextEnd[e]) {
      if (e >= far) use(s, e);
    }
  }
}

function arrowHead(px, py, angle, fill) {
  pen.fillStyle = fill;
  pen.beginPath();
  pen.moveTo(px - 4 * Math.cos(angle), py - 4 * Math.sin(angle));
  pen.lineTo(px - 12 * Math.cos(angle - 0.26), py - 12 * Math.sin(angle - 0.26));
  pen.lineTo(px - 12 * Math.cos(angle + 0.26), py - 12 * Math.sin(angle + 0.26));
  pen.fill();
}
function cross(px, py, fill) {
  disc(px, py, 6, fill, colour.back, 1);
  line(px - 2.4, py - 2.4, px + 2.4, py + 2.4, colour.back, 1.5);
  line(px - 2.4, py + 2.4, px + 2.4, py - 2.4, colour.back, 1.5);
}

// Returns where words about it may stand.
function drawMessage(s, e, lit) {
  const stroke = fateColour(s, e), xa = x(s), ya = y(node[s]), yTo = y(peer[s]);
  const name = e < 0 ? 'underway' : kindName(e);
  const lost = name === 'drop' || name === 'cut off' || name === 'underway';
  const share = lost ? 0.42 : 1;
  const xb = lost ? Math.max(x(e < 0 ? s : e), xa + lostReach()) : x(e),
        yb = ya + (yTo - ya) * share;
  const dashed = name !== 'deliver' && name !== 'damage';
  if (node[s] === peer[s]) {
    pen.strokeStyle = stroke;
    pen.lineWidth = 1.3;
    pen.beginPath();
    pen.moveTo(xa, ya);
    pen.bezierCurveTo(xa, ya - 20, xb, ya - 20, xb, ya);
    pen.stroke();
    if (lost && e >= 0) cross(xb, ya - 8, stroke);
    return [(xa + xb) / 2, ya - 22];
  }
  line(xa, ya, xb, yb, stroke, lit && view.cone !== null ? 2 : 1.3, dashed ? [5, 4] : null);
  const angle = Math.atan2(yb - ya, xb - xa);
  if (!lost && name !== 'nobody up') arrowHead(xb, yb, angle, stroke);
  if ((lost && e >= 0) || name === 'nobody up') cross(xb, yb, stroke);
  if (name === 'damage') badge(xa + (xb - xa) * 0.6, ya + (yb - ya) * 0.6, '!', colour.amber);
  if (name === 'duplicate') badge(xa + (xb - xa) * 0.6, ya + (yb - ya) * 0.6, '2', colour.purple);
  return [xa + (xb - xa) * 0.42, ya + (yb - ya) * 0.42];
}
function badge(px, py, text, fill) {
  pen.fillStyle = fill;
  pen.beginPath();
  pen.moveTo(px, py - 8);
  pen.lineTo(px + 8, py);
  pen.lineTo(px, py + 8);
  pen.lineTo(px - 8, py);
  pen.fill();
  pen.font = '600 ' + kFont;
  sign(text, px, py, colour.back);
  pen.font = kFont;
}

function drawMark(i, px, cy) {
  switch (kindName(i)) {
    case 'send':
      disc(px, cy, 3.2, colourOfMessage(i), colour.back, 1);
      break;
    case 'deliver':
    case 'damage':
    case 'duplicate':
    case 'stale':
      disc(px, cy, 3.4, colour.back, fateColour(send[i] < 0 ? i : send[i], i));
      break;
    case 'wake':
      line(px, cy - 4, px, cy + 4, colour.grey, 1);
      break;
    case 'fact':
      drawFact(i, px, cy);
      break;
    case 'crash':
      disc(px, cy, 8.5, colour.red, colour.back, 1);
      line(px - 3.2, cy - 3.2, px + 3.2, cy + 3.2, colour.back, 2);
      line(px - 3.2, cy + 3.2, px + 3.2, cy - 3.2, colour.back, 2);
      break;
    case 'boot':
      if (data.texts[data.x[i]] === '') break;
      disc(px, cy, 8, colour.back, colour.recover, 2);
      sign('↻', px, cy, colour.recover);
      break;
    case 'exit':
      line(px, cy - 7, px, cy + 7, colour.lane, 3);
      break;
    case 'left out':
      disc(px, cy, 7, colour.back, colour.grey, 2);
      break;
    case 'write':
    case 'create':
    case 'truncate':
    case 'rename':
    case 'remove':
      pen.fillStyle = colour.teal;
      pen.fillRect(px - 1, cy + 2, 2, 6);
      break;
    case 'sync':
    case 'sync dir':
      pen.fillStyle = colour.teal;
      pen.fillRect(px - 4, cy + 7, 8, 3);
      pen.fillRect(px - 1, cy + 2, 2, 6);
      break;
    case 'sync fail':
    case 'rot':
    case 'mishap':
      badge(px, cy, '!', colour.amber);
      break;
    case 'lose':
      badge(px + 15, cy, '!', colour.red);
      break;  // Beside the crash that lost it.
    case 'clock':
      disc(px, cy, 7, colour.back, colour.flag, 1.6);
      line(px, cy, px, cy - 4, colour.flag, 1.4);
      line(px, cy, px + 3, cy, colour.flag, 1.4);
      break;
    default:
      break;
  }
}
function isSavedState(i) {
  return /heckpoint|napshot/.test(typeOf(i));
}
function drawFact(i, px, cy) {
  if (isSavedState(i)) {
    pen.beginPath();
    pen.roundRect(px - 7, cy - 7, 14, 14, 4);
    pen.fillStyle = colour.blue;
    pen.fill();
    pen.strokeStyle = colour.back;
    pen.lineWidth = 1;
    pen.stroke();
    sign('S', px, cy, colour.back);
    return;
  }
  pen.fillStyle = colour.ink;
  pen.beginPath();
  pen.moveTo(px, cy - 4.6);
  pen.lineTo(px + 4.6, cy);
  pen.lineTo(px, cy + 4.6);
  pen.lineTo(px - 4.6, cy);
  pen.fill();
}

// What is said below a lane: facts, and what befell the node or its disk.
function noteOf(i) {
  const name = kindName(i), text = textOf(i);
  if (name === 'fact') return [text, colour.ink];
  if (name === 'crash') return ['crash', colour.red];
  if (name === 'boot' && text !== '') return ['restart', colour.recover];
  if (name === 'clock') return ['clock ' + text, colour.flag];
  if (name === 'sync fail' || name === 'rot' || name === 'mishap')
    return [name + ' ' + text, colour.flag];
  if (name === 'lose') return ['lost ' + text, colour.red];
  return null;
}

function drawFlags() {
  const places = at();
  for (const d of data.departures) {
    if (d.event < 0 || isHidden(d.node)) continue;
    const px = xOf(places[d.event]);
    if (px < layout.left || px > layout.width) continue;
    const cy = d.node < 0 ? layout.top + 20 : y(d.node);
    pen.fillStyle = colour.amber;
    pen.beginPath();
    pen.moveTo(px, cy - 10);
    pen.lineTo(px - 4, cy - 17);
    pen.lineTo(px + 4, cy - 17);
    pen.fill();
    if (scale() * typical > 10 || view.axis === 'order')
      label(shorten(d.text, 26), px, cy - 24, colour.flag);
  }
}

function drawDetail(first, last) {
  const said = [];
  drawn.messages = 0;
  for (const lit of [false, true]) {
    pen.globalAlpha = lit ? 1 : kFaded;
    forEachMessage(first, last, (s, e) => {
      if (isHidden(node[s]) || isHidden(peer[s]) || peer[s] < 0) return;
      if (!shown[s] && (e < 0 || !shown[e])) return;
      if (isMessageLit(s, e) !== lit) return;
      const where = drawMessage(s, e, lit);
      ++drawn.messages;
      if (lit) said.push([s, e, where]);
    });
  }
  for (const lit of [false, true]) {
    pen.globalAlpha = lit ? 1 : kFaded;
    for (let i = first; i < last; ++i) {
      if (shown[i] && node[i] >= 0 && isLit(i) === lit) drawMark(i, x(i), y(node[i]));
    }
  }
  pen.globalAlpha = 1;
  drawFlags();
  if (drawn.events < 1500) drawWords(first, last, said);
}
function drawWords(first, last, said) {
  let left = 400;
  for (let i = first; i < last && left > 0; ++i) {
    if (!shown[i] || node[i] < 0 || !isLit(i)) continue;
    const note = noteOf(i);
    if (note !== null && label(shorten(note[0], 24), x(i), y(node[i]) + 17, note[1])) --left;
  }
  const few = said.length < 60;
  for (const [s, e, [px, py]] of said) {
    if (left <= 0) break;
    if (px < layout.left || px > layout.width) continue;
    // On a steep arrow among many, words hide more than they say.
    if (!few && e >= 0 && x(e) - x(s) < 16 && !faultKinds[kind[e]]) continue;
    const text = e >= 0 && kindName(e) === 'damage' ? textOf(e) : textOf(s);
    if (label(shorten(text, 22), px, py, fateColour(s, e))) --left;
  }
}
