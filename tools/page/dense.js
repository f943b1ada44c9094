// From afar: on each lane how many events there are, between lanes how many messages, and on top
// of that whatever one wants to see from afar: crashes, restarts, disk faults, lost messages.

const dense = {
  events: new Uint32Array(0),
  lit: new Uint32Array(0),
  bad: new Uint32Array(0),
  messages: new Uint32Array(0),
  starts: new Float64Array(0),
  flights: new Float64Array(0)
};
const kColumn = 3;  // Pixels.

function cleared(name, size) {
  if (dense[name].length < size)
    dense[name] = new dense[name].constructor(size);
  else
    dense[name].fill(0, 0, size);
  return dense[name];
}

const faultKinds = new Uint8Array(data.kinds.length);
for (const name
         of ['drop', 'cut off', 'nobody up', 'duplicate', 'damage', 'stale', 'sync fail', 'lose',
             'rot', 'mishap'])
  faultKinds[kindOf[name]] = 1;
// Seen from any distance.
const landmarks = [];
for (let i = 0; i < count; ++i) {
  const name = kindName(i);
  if (['crash', 'exit', 'left out', 'rot', 'mishap', 'sync fail', 'clock'].includes(name) ||
      (name === 'boot' && textOf(i) !== '') || (name === 'fact' && isSavedState(i)))
    landmarks.push(i);
}

function drawDense(first, last) {
  drawn.messages = 0;
  drawDenseMessages(first, last);
  drawDenseLanes(first, last);
  pen.globalAlpha = 1;
  drawLandmarks(first, last);
}

function drawDenseLanes(first, last) {
  const lanes = layout.lanes.length, columns = Math.ceil(layout.width / kColumn) + 1,
        size = lanes * columns;
  const all = cleared('events', size), lit = cleared('lit', size), bad = cleared('bad', size);
  const places = at(), perPosition = scale() / kColumn,
        offset = layout.left / kColumn - view.from * perPosition;
  let most = 1;
  for (let i = first; i < last; ++i) {
    if (shown[i] === 0 || node[i] < 0) continue;
    const column = (places[i] * perPosition + offset) | 0;
    if (column < 0 || column >= columns) continue;
    const key = laneOf[node[i]] * columns + column;
    if (++all[key] > most) most = all[key];
    if (matches[i] && (view.cone === null || view.cone[i] > 0)) {
      ++lit[key];
      if (faultKinds[kind[i]]) ++bad[key];
    }
  }
  const tall = Math.min(22, layout.gap * 0.3) / Math.log1p(most);
  const bars = (counts, fill, alpha, least) => {
    pen.fillStyle = fill;
    pen.globalAlpha = alpha;
    for (let lane = 0; lane < lanes; ++lane) {
      const cy = yOfLane(lane);
      for (let c = 0; c < columns; ++c) {
        const n = counts[lane * columns + c];
        if (n === 0) continue;
        const h = least + tall * Math.log1p(n);
        pen.fillRect(c * kColumn, cy - h, kColumn - 0.5, 2 * h);
      }
    }
  };
  bars(all, colour.lane, 0.28, 1);
  bars(lit, view.cone !== null || view.search !== '' ? colour.blue : colour.lane, 0.75, 1);
  bars(bad, colour.red, 0.9, 0.5);
}

// Messages between the same two lanes that leave at about the same time are one line.
function drawDenseMessages(first, last) {
  const lanes = layout.lanes.length;
  if (lanes > 40) return;
  const wide = Math.min(24, Math.max(6, layout.width * lanes * (lanes - 1) / 6000));
  const columns = Math.ceil(layout.width / wide) + 1, pairs = lanes * lanes;
  const counts = cleared('messages', columns * pairs),
        flights = cleared('flights', columns * pairs);
  const starts = cleared('starts', columns * pairs);
  const places = at(), toColumn = scale() / wide,
        offset = layout.left / wide - view.from * toColumn;
  let most = 1;
  for (let e = first; e < last; ++e) {
    const s = send[e];
    if (s < 0 || !arrivedKinds[kind[e]] || !(shown[s] || shown[e])) continue;
    const a = laneOf[node[s]], b = laneOf[node[e]];
    if (a < 0 || b < 0 || a === b) continue;
    ++drawn.messages;
    if (view.cone !== null ? view.cone[s] === 0 || view.cone[e] === 0 : !matches[s] && !matches[e])
      continue;
    const column = (places[s] * toColumn + offset) | 0;
    if (column < 0 || column >= columns) continue;
    const key = column * pairs + a * lanes + b;
    if (++counts[key] > most) most = counts[key];
    starts[key] += places[s];
    flights[key] += places[e] - places[s];
  }
  const levels = [[0, 0.12], [0.15, 0.25], [0.5, 0.45]];
  for (let level = 0; level < levels.length; ++level) {
    const above = levels[level][0] * most,
          below = level + 1 < levels.length ? levels[level + 1][0] * most : Infinity;
    pen.globalAlpha = view.cone !== null ? Math.min(1, levels[level][1] * 2) : levels[level][1];
    pen.strokeStyle = view.cone !== null ? colour.blue : colour.types[0];
    pen.lineWidth = 1 + level * 0.5;
    pen.beginPath();
    for (let key = 0; key < columns * pairs; ++key) {
      const n = counts[key];
      if (n === 0 || n <= above || n > below) continue;
      const a = Math.floor((key % pairs) / lanes), b = key % lanes, px = xOf(starts[key] / n);
      pen.moveTo(px, yOfLane(a));
      pen.lineTo(px + Math.max(2, flights[key] / n * scale()), yOfLane(b));
    }
    pen.stroke();
  }
}

function drawLandmarks(first, last) {
  const lastAt = new Float64Array(data.nodes.length).fill(-1e9);
  for (let k = lowerBound(landmarks, first); k < landmarks.length && landmarks[k] < last; ++k) {
    const i = landmarks[k], px = x(i), n = node[i];
    if (!shown[i] || isHidden(n)) continue;
    const important = is(i, 'crash');
    if (px - lastAt[n] < 9 && !important) continue;
    lastAt[n] = px;
    pen.globalAlpha = isLit(i) ? 1 : kFaded;
    drawMark(i, px, y(n));
  }
  pen.globalAlpha = 1;
  const places = at();
  for (const d of data.departures) {
    if (d.event < 0 || isHidden(d.node)) continue;
    const px = xOf(places[d.event]), cy = d.node < 0 ? layout.top + 20 : y(d.node);
    if (px < layout.left) continue;
    pen.fillStyle = colour.amber;
    pen.fillRect(px - 1, cy - Math.min(30, layout.gap / 2 - 2), 2, 6);
  }
}
