// What is shown and where: the part of the axis in view, the lanes, the filters, and the colours.

const view = {
  axis: 'time',
  from: 0,
  to: 1,
  scroll: 0,
  selected: -1,
  hovered: -1,
  cone: null,
  coneWanted: false,
  search: '',
  hiddenNodes: new Set(),
  hiddenGroups: new Set(),
  theme: 'light',
};
const canvas = document.getElementById('canvas');
const pen = canvas.getContext('2d');
const layout = {
  width: 0,
  height: 0,
  left: 92,
  top: 36,
  bottom: 16,
  right: 24,
  gap: 60,
  lanes: []
};
const laneOf = new Int32Array(data.nodes.length);  // Of each node; -1 where it is hidden.

// Colours by the names that page.css gives them.
const colour = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name
           of ['back', 'panel', 'line', 'ink', 'quiet', 'grid', 'lane', 'lane-ink', 'band', 'red',
               'down', 'purple', 'amber', 'recover', 'blue', 'teal', 'green', 'grey', 'flag',
               'halo', 'past']) {
    colour[name] = style.getPropertyValue('--' + name).trim();
  }
  colour.types = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => style.getPropertyValue('--t' + i).trim());
}

// Types of messages, the most frequent first; those beyond the eighth share the last colour.
const messageTypes = (function countTypes() {
  const counts = new Map();
  for (let i = 0; i < count; ++i) {
    if (is(i, 'send')) counts.set(typeOf(i), (counts.get(typeOf(i)) || 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([type]) => type);
})();
const typeOfText = (function numberTypes() {
  const number = new Map(messageTypes.map((type, i) => [type, Math.min(i, 7)]));
  return Uint8Array.from(data.texts, (text) => {
    const end = text.indexOf('(');
    return number.get(end < 0 ? text : text.slice(0, end)) ?? 7;
  });
})();
function colourOfMessage(s) {
  return colour.types[typeOfText[data.x[s]]];
}

function at() {
  return axes[view.axis].at;
}
function scale() {
  return (layout.width - layout.left - layout.right) / (view.to - view.from || 1);
}
function xOf(position) {
  return layout.left + (position - view.from) * scale();
}
function x(event) {
  return xOf(at()[event]);
}
function positionOf(px) {
  return view.from + (px - layout.left) / scale();
}
function yOfLane(lane) {
  return layout.top + layout.gap * (lane + 0.5) - view.scroll;
}
function y(n) {
  return yOfLane(laneOf[n]);
}
// Events of no node are drawn on the ruler.
function yOfEvent(i) {
  return node[i] < 0 ? layout.top - 9 : y(node[i]);
}
function isHidden(n) {
  return n >= 0 && laneOf[n] < 0;
}

function layOutLanes() {
  layout.lanes = [];
  data.nodes.forEach((_, n) => {
    laneOf[n] = view.hiddenNodes.has(n) ? -1 : layout.lanes.length;
    if (laneOf[n] >= 0) layout.lanes.push(n);
  });
  const room = layout.height - layout.top - layout.bottom;
  layout.gap = Math.min(150, Math.max(28, room / Math.max(1, layout.lanes.length)));
  const most = Math.max(0, layout.gap * layout.lanes.length - room);
  view.scroll = Math.min(most, Math.max(0, view.scroll));
}

// Which events may be shown, and which of them are meant by the search.
const shown = new Uint8Array(count).fill(1);
const matches = new Uint8Array(count).fill(1);
let matched = count;
function filter() {
  const words = view.search.toLowerCase();
  const inText = words === '' ? null : data.texts.map((t) => t.toLowerCase().includes(words));
  const inKind = data.kinds.map((name) => name.includes(words));
  const named = data.nodes.findIndex((n) => n.name === words);
  const hiddenKind = data.kinds.map((_, k) => view.hiddenGroups.has(groupOf[k]));
  matched = 0;
  for (let i = 0; i < count; ++i) {
    shown[i] = hiddenKind[kind[i]] || isHidden(node[i]) ? 0 : 1;
    let match = shown[i];
    if (match && words !== '') {
      const text = inText[data.x[i]] || (send[i] >= 0 && inText[data.x[send[i]]]);
      match = text || inKind[kind[i]] || (named >= 0 && (node[i] === named || peer[i] === named));
    }
    matches[i] = match ? 1 : 0;
    matched += matches[i];
  }
}

function isLit(i) {
  return matches[i] === 1 && (view.cone === null || view.cone[i] > 0);
}
// A message is lit as a whole: in a cone, both its ends must be.
function isMessageLit(s, e) {
  if (view.cone !== null &&
      (view.cone[s] === 0 || (e >= 0 && arrivedKinds[kind[e]] && view.cone[e] === 0))) {
    return false;
  }
  return matches[s] === 1 || (e >= 0 && matches[e] === 1);
}

// Nearer than that there is nothing to see.
function leastWidth() {
  const last = count === 0 ? 1 : at()[count - 1];
  return view.axis === 'order' ? 4 : Math.max(1, last / 1e7);
}
function clampView() {
  const last = count === 0 ? 1 : at()[count - 1];
  const least = leastWidth();
  let width = Math.max(least, Math.min(view.to - view.from, last * 1.04 || 1));
  let from = Math.max(-0.02 * width - last * 0.005, view.from);
  from = Math.min(from, last + 0.03 * width - width * 0.02);
  if (width >= last * 1.03) from = -last * 0.01;
  view.from = from;
  view.to = from + width;
}
function fit() {
  const last = count === 0 ? 1 : at()[count - 1] || 1;
  view.from = -last * 0.01;
  view.to = last * 1.03;
}
function zoom(factor, px) {
  const fixed = positionOf(px);
  factor = Math.max(factor, leastWidth() / (view.to - view.from));
  view.from = fixed - (fixed - view.from) * factor;
  view.to = fixed + (view.to - fixed) * factor;
  clampView();
}
function pan(positions) {
  view.from += positions;
  view.to += positions;
  clampView();
}
// Another axis, with the same events in view, as far as it goes.
function setAxis(name) {
  if (name === view.axis) return;
  const old = at();
  const first = Math.min(count - 1, lowerBound(old, view.from)), last = lowerBound(old, view.to);
  const whole = first <= 0 && last >= count;
  view.axis = name;
  if (whole || count === 0) return fit();
  const now = at();
  const to = now[Math.min(count - 1, Math.max(first + 1, last))];
  const margin = Math.max(1e-9, (to - now[first]) * 0.02);
  view.from = now[first] - margin;
  view.to = to + margin;
  clampView();
}
// Moves an event into view, if it is not there; leaves the rest as it is, if it is.
function reveal(i) {
  const px = x(i), width = view.to - view.from;
  if (px < layout.left + 20 || px > layout.width - layout.right - 40) {
    view.from = at()[i] - width / 2;
    view.to = view.from + width;
    clampView();
  }
  if (node[i] >= 0 && laneOf[node[i]] >= 0) {
    const py = y(node[i]);
    if (py < layout.top + 10) view.scroll -= layout.top + 10 - py;
    if (py > layout.height - layout.bottom - 10)
      view.scroll += py - layout.height + layout.bottom + 10;
    layOutLanes();
  }
}
