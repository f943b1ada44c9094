// The picture: what stands still (ruler, bands, lanes), then messages, marks and labels. From afar,
// where one cannot tell events apart, how many there are is drawn instead (dense.js).

const kDenseAbove = 4000;  // Events in view.
const kFont = '11px Inter, "Liberation Sans", Helvetica, Arial, sans-serif';
const drawn = {
  ms: 0,
  dense: false,
  events: 0,
  messages: 0
};

// Where there is still room for words, in columns of 64 pixels.
const room = {
  columns: new Map(),
  clear() {
    this.columns.clear();
  },
  take(left, top, width, height) {
    const first = left >> 6, last = (left + width) >> 6;
    for (let c = first; c <= last; ++c) {
      for (const r of this.columns.get(c) || []) {
        if (left < r[2] && r[0] < left + width && top < r[3] && r[1] < top + height) return false;
      }
    }
    for (let c = first; c <= last; ++c) {
      if (!this.columns.has(c)) this.columns.set(c, []);
      this.columns.get(c).push([left, top, left + width, top + height]);
    }
    return true;
  },
};

function shorten(text, most) {
  return text.length <= most ? text : text.slice(0, most - 1) + '…';
}
// Words on a ground of the page's colour, centred there, where there is room.
function label(text, cx, cy, ink, {force = false, bold = false} = {}) {
  pen.font = bold ? '600 ' + kFont : kFont;
  const width = pen.measureText(text).width + 6;
  const left = Math.min(layout.width - width - 2, Math.max(layout.left + 2, cx - width / 2));
  if (!room.take(left, cy - 7, width, 14) && !force) return false;
  pen.fillStyle = colour.halo;
  pen.fillRect(left, cy - 7, width, 14);
  pen.fillStyle = ink;
  pen.textAlign = 'left';
  pen.fillText(text, left + 3, cy + 0.5);
  return true;
}
function disc(cx, cy, radius, fill, stroke, width = 1.4) {
  pen.beginPath();
  pen.arc(cx, cy, radius, 0, 7);
  if (fill) {
    pen.fillStyle = fill;
    pen.fill();
  }
  if (stroke) {
    pen.strokeStyle = stroke;
    pen.lineWidth = width;
    pen.stroke();
  }
}
function line(x1, y1, x2, y2, stroke, width, dash) {
  pen.strokeStyle = stroke;
  pen.lineWidth = width;
  if (dash) pen.setLineDash(dash);
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
  if (dash) pen.setLineDash([]);
}
function sign(text, cx, cy, ink) {
  pen.fillStyle = ink;
  pen.textAlign = 'center';
  pen.fillText(text, cx, cy + 0.5);
}

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= least);
}
function tickText(ns, step) {
  if (step >= 1e8) return +(ns / 1e9).toFixed(3) + ' s';
  return +(ns / 1e6).toFixed(step >= 1e6 ? 0 : Math.min(6, Math.ceil(-Math.log10(step / 1e6)))) +
      ' ms';
}

function drawTick(px, text) {
  line(px, layout.top, px, layout.height - layout.bottom, colour.grid, 1);
  pen.fillStyle = colour.quiet;
  pen.textAlign = 'center';
  pen.fillText(text, px, 12);
}
function drawRuler() {
  pen.font = kFont;
  const perPx = 1 / scale();
  if (view.axis === 'order') {
    const step = Math.max(1, niceStep(130 * perPx));
    for (let k = Math.max(0, Math.ceil(view.from / step) * step); k < Math.min(count, view.to);
         k += step) {
      drawTick(xOf(k), '#' + thousands(k + 1) + '  ' + exactly(Math.round(time[k] / 1e3) * 1e3));
    }
  } else if (view.axis === 'time') {
    const step = niceStep(95 * perPx);
    for (let t = Math.max(0, Math.ceil(view.from / step) * step); t <= view.to; t += step) {
      drawTick(xOf(t), tickText(t, step));
    }
  } else {
    drawFoldedRuler(niceStep(95 * perPx));
  }
}
// Within each busy stretch the scale is even; between them it jumps, and says by how much.
function drawFoldedRuler(step) {
  const {at: places, folds} = axes.folded;
  let last = -1e9, lastFold = -1e9;
  for (let f = 0; f <= folds.length; ++f) {
    const from = f === 0 ? 0 : folds[f - 1].to, to = f === folds.length ? count - 1 : folds[f].from;
    if (to >= 0 && places[to] >= view.from && places[from] <= view.to) {
      for (let t = Math.ceil(time[from] / step) * step; t <= time[to]; t += step) {
        const px = xOf(places[from] + t - time[from]);
        if (px - last > 78 && px > layout.left) {
          drawTick(px, tickText(t, step));
          last = px;
        }
      }
    }
    if (f === folds.length || places[folds[f].to] < view.from || places[folds[f].from] > view.to)
      continue;
    const a = xOf(places[folds[f].from]), b = xOf(places[folds[f].to]);
    if (b - a < 3) continue;
    pen.fillStyle = colour.grid;
    pen.fillRect(
        a + (b - a) * 0.3, layout.top, (b - a) * 0.4, layout.height - layout.top - layout.bottom);
    const middle = (a + b) / 2;
    if (middle - lastFold > 74 && middle > layout.left + 20) {
      sign('⋯ ' + roughly(folds[f].ns), middle, 27, colour.quiet);
      lastFold = middle;
    }
  }
}

function inView(span) {
  const a = xOf(at()[span.from]), b = xOf(at()[span.to]);
  return b < layout.left || a > layout.width ?
      null :
      [Math.max(a, layout.left - 20), Math.min(b, layout.width + 20)];
}
function drawCuts() {
  for (const span of data.spans) {
    const where = (span.kind === 'cut' || span.node < 0) && inView(span);
    if (!where) continue;
    const [a, b] = where, bottom = layout.height - layout.bottom;
    pen.globalAlpha = 0.09;
    pen.fillStyle = colour.band;
    pen.fillRect(a, layout.top, Math.max(1, b - a), bottom - layout.top);
    pen.globalAlpha = 0.6;
    line(a, layout.top, a, bottom, colour.band, 1, [2, 4]);
    line(b, layout.top, b, bottom, colour.band, 1, [2, 4]);
    pen.globalAlpha = 1;
    drawCutLines(span, a, b);
    const text = (span.kind === 'cut' ? 'partition  ' : '') + span.text;
    if (b - a > 24)
      label(
          shorten(text, Math.max(9, (b - a) / 5.5)), (a + b) / 2, layout.top + 8, colour.band,
          {bold: true});
  }
}
// Between two lanes that cannot reach each other.
function drawCutLines(span, a, b) {
  if (span.sides.length < 2) return;
  const side = new Map();
  span.sides.forEach((nodes, s) => nodes.forEach((n) => side.set(n, s)));
  for (let lane = 0; lane + 1 < layout.lanes.length; ++lane) {
    const above = side.get(layout.lanes[lane]), below = side.get(layout.lanes[lane + 1]);
    if (above === undefined || below === undefined || above === below) continue;
    const cy = (yOfLane(lane) + yOfLane(lane + 1)) / 2;
    line(a, cy, b, cy, colour.band, 1.6, [7, 5]);
  }
}

function drawLanes() {
  const end = xOf(count === 0 ? 0 : at()[count - 1]) + 14;
  pen.globalAlpha = view.cone === null ? 1 : 0.5;
  for (const n of layout.lanes) {
    const cy = y(n);
    line(layout.left, cy, Math.min(layout.width, Math.max(layout.left, end)), cy, colour.lane, 1.2);
  }
  pen.globalAlpha = 1;
  if (view.cone !== null) drawConeOnLanes();
  const fills = {down: colour.down, recovering: colour.recover, spell: colour.amber};
  for (const span of data.spans) {
    if (span.node < 0 || isHidden(span.node) || !(span.kind in fills)) continue;
    const where = inView(span);
    if (!where) continue;
    const [a, b] = where, cy = y(span.node);
    pen.globalAlpha = span.kind === 'spell' ? 0.16 : 0.22;
    pen.fillStyle = fills[span.kind];
    pen.fillRect(a, cy - 9, Math.max(1, b - a), 18);
    pen.globalAlpha = 1;
    if (span.kind === 'down') {
      line(a, cy, b, cy, colour.back, 2.4);
      line(a, cy, b, cy, colour.down, 1.2, [2, 4]);
    } else if (b - a > 60) {
      label(
          shorten(span.text || 'recovering', (b - a) / 6), (a + b) / 2, cy - 15,
          span.kind === 'spell' ? colour.flag : colour.recover);
    }
  }
}
// The part of each lane that can have caused the selected event, and the part that it can have
// caused.
function drawConeOnLanes() {
  const places = at();
  const within = (position) => Math.min(layout.width, Math.max(layout.left, xOf(position)));
  for (const n of layout.lanes) {
    const {past, future} = view.coneEnds[n];
    if (past >= 0) line(layout.left, y(n), within(places[past]), y(n), colour.past, 2.6);
    if (future >= 0)
      line(within(places[future]), y(n), within(places[count - 1]), y(n), colour.blue, 2);
  }
}
function drawCalm() {
  if (data.calm < 0) return;
  const px = x(data.calm);
  if (px < layout.left || px > layout.width) return;
  line(px, layout.top, px, layout.height - layout.bottom, colour.green, 1.2, [5, 4]);
  label('calm', px, layout.top + 8, colour.green);
}

function drawHeads() {
  pen.fillStyle = colour.back;
  pen.fillRect(0, 0, layout.left - 6, layout.height);
  let role = '';
  for (const n of layout.lanes) {
    const cy = y(n), {name, client} = data.nodes[n];
    if (cy < layout.top - 12 || cy > layout.height + 12) continue;
    pen.beginPath();
    pen.roundRect(14, cy - 10, 58, 20, 7);
    if (client) {
      pen.strokeStyle = colour.lane;
      pen.lineWidth = 1.2;
      pen.fillStyle = colour.back;
      pen.fill();
      pen.stroke();
    } else {
      pen.fillStyle = colour.lane;
      pen.fill();
    }
    pen.font = '600 ' + kFont;
    sign(shorten(name, 8), 43, cy, client ? colour.lane : colour['lane-ink']);
    pen.font = kFont;
    if (data.nodes[n].role !== role && layout.gap > 36)
      sign(shorten(data.nodes[n].role, 13), 43, cy + 17, colour.quiet);
    role = data.nodes[n].role;
  }
  pen.fillStyle = colour.back;
  pen.fillRect(0, 0, layout.left - 6, layout.top - 4);
}

// The event under attention, and what it came from and led to.
function drawSelection() {
  for (const i of [view.hovered, view.selected]) {
    if (i < 0 || isHidden(node[i])) continue;
    const px = x(i), cy = yOfEvent(i);
    if (i === view.selected)
      line(px, layout.top, px, layout.height - layout.bottom, colour.blue, 1, [1, 3]);
    disc(
        px, cy, 11, null, i === view.selected ? colour.blue : colour.ink,
        i === view.selected ? 2.4 : 1.4);
  }
}
function violationBox() {
  const i = data.violation, px = i < 0 ? -1 : x(i);
  if (i < 0 || px < layout.left - 4 || px > layout.width + 4) return null;
  const on = data.violation_node >= 0 && !isHidden(data.violation_node);
  const cy = on ? y(data.violation_node) : layout.height - layout.bottom - 30;
  const lines = [data.oracle, ...wrap(data.reason, 46).slice(0, 4)];
  pen.font = '600 ' + kFont;
  const width = Math.max(...lines.map((l) => pen.measureText(l).width)) + 20,
        height = 15 * lines.length + 10;
  const left = Math.max(layout.left + 4, Math.min(layout.width - width - 6, px - width - 18));
  const below = cy + 18 + height < layout.height - 4;
  const top = Math.max(layout.top + 2, below ? cy + 18 : cy - 18 - height);
  room.take(left, top, width, height);  // Before anybody else.
  return {px, cy, lines, left, top, width, height};
}
function drawViolation(box) {
  if (box === null) return;
  const {px, cy, lines, left, top, width, height} = box;
  line(px, layout.top, px, layout.height - layout.bottom, colour.red, 1, [3, 3]);
  disc(px, cy, 5.5, colour.red, null);
  disc(px, cy, 9.5, null, colour.red, 1.6);
  pen.beginPath();
  pen.roundRect(left, top, width, height, 9);
  pen.fillStyle = colour.back;
  pen.fill();
  pen.globalAlpha = 0.12;
  pen.fillStyle = colour.red;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = colour.red;
  pen.lineWidth = 1.2;
  pen.stroke();
  lines.forEach((text, k) => {
    pen.font = (k === 0 ? '600 ' : '') + kFont;
    sign(text, left + width / 2, top + 12 + 15 * k, colour.red);
  });
  pen.font = kFont;
}
function wrap(text, most) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if ((lines[last] + ' ' + word).length > most && lines[last] !== '')
      lines.push(word);
    else
      lines[last] = (lines[last] + ' ' + word).trim();
  }
  return lines;
}

function draw() {
  const began = performance.now(), ratio = window.devicePixelRatio || 1;
  const width = Math.round(layout.width * ratio), height = Math.round(layout.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.globalAlpha = 1;
  pen.fillStyle = colour.back;
  pen.fillRect(0, 0, layout.width, layout.height);
  pen.font = kFont;
  pen.textBaseline = 'middle';
  room.clear();
  const places = at();
  const first = lowerBound(places, positionOf(layout.left - 14)),
        last = lowerBound(places, positionOf(layout.width + 14));
  drawn.events = last - first;
  drawn.dense = drawn.events > kDenseAbove;
  const box = violationBox();
  drawRuler();
  drawCuts();
  drawLanes();
  drawCalm();
  if (drawn.dense)
    drawDense(first, last);
  else
    drawDetail(first, last);
  pen.globalAlpha = 1;
  drawViolation(box);
  drawHeads();
  drawSelection();
  drawn.ms = performance.now() - began;
}
