// What people do: keys, clicks, the wheel, filters; and the address, which keeps what is shown.

let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawNow();
  });
}
function drawNow() {
  draw();
  drawMinimap();
  saveAddress();
}

function select(i, move) {
  view.selected = i;
  view.cone = i >= 0 && view.coneWanted ? coneOf(i) : null;
  if (view.cone !== null) view.coneEnds = coneEndsOf(view.cone);
  if (i >= 0 && move) reveal(i);
  showEvent();
  showState();
  showList();
  $('spoken').textContent = i < 0 ?
      'no event selected' :
      `Event ${i + 1} of ${count}, at ${exactly(time[i])}: ${sentenceOf(i)}` +
          (is(i, 'send') ? '; ' + becameOf(i) : '');
  redraw();
}
// The next event, in that direction, that passes the filters and the test.
function step(direction, test = () => true) {
  let i = view.selected < 0 ? (direction > 0 ? -1 : count) : view.selected;
  do i += direction;
  while (i >= 0 && i < count && !(isLit(i) && test(i)));
  if (i >= 0 && i < count) select(i, true);
}
function stepOnNode(direction) {
  const n = view.selected < 0 ? -1 : node[view.selected];
  step(direction, (i) => view.selected < 0 || node[i] === n);
}
function stepOfKind(direction) {
  const k = view.selected < 0 ? -1 : kind[view.selected];
  step(direction, (i) => view.selected < 0 || kind[i] === k);
}
function toCause() {
  const i = view.selected;
  if (i < 0) return;
  const cause = send[i] >= 0 ? send[i] : before[i];
  if (cause >= 0) select(cause, true);
}
function toEffect() {
  const i = view.selected;
  if (i < 0) return;
  const effect = firstEnd[i] >= 0 ? firstEnd[i] : after[i];
  if (effect >= 0) select(effect, true);
}
// The event nearest in time on the lane above or below.
function toLane(direction) {
  const i = view.selected < 0 ? 0 : view.selected;
  const lane = (node[i] < 0 ? -1 : laneOf[node[i]]) + direction;
  if (lane < 0 || lane >= layout.lanes.length) return;
  const n = layout.lanes[lane];
  let best = -1;
  for (let k = 0; k < count; ++k) {
    if (node[k] === n && isLit(k) &&
        (best < 0 || Math.abs(time[k] - time[i]) < Math.abs(time[best] - time[i])))
      best = k;
  }
  if (best >= 0) select(best, true);
}
function toViolation() {
  if (data.violation < 0) return;
  select(data.violation, true);
}
function setCone(on) {
  view.coneWanted = on;
  $('cone').setAttribute('aria-pressed', String(on));
  if (on && view.selected < 0 && data.violation >= 0) return select(data.violation, true);
  select(view.selected, false);
}
function chooseAxis(name) {
  setAxis(name);
  for (const b of $('axes').children)
    b.setAttribute('aria-checked', String(b.dataset.axis === name));
  redraw();
}
function setTheme(theme) {
  view.theme = theme;
  document.documentElement.dataset.theme = theme;
  $('theme').textContent = theme === 'dark' ? 'light' : 'dark';
  readColours();
  redraw();
}
function applyFilters() {
  layOutLanes();
  filter();
  $('matches').textContent =
      view.search === '' ? '' : thousands(matched) + ' of ' + thousands(count);
  showList();
  showState();
  redraw();
}

// Of the events under the pointer the nearest; among equals the one that says most.
function pick(px, py) {
  const places = at();
  const first = lowerBound(places, positionOf(px - 14)),
        last = lowerBound(places, positionOf(px + 14));
  const weight =
      {fact: 1, send: 1, deliver: 1, crash: 4, verdict: 4, boot: 2, wake: -6, write: -2, sync: -1};
  let best = -1, least = 14 * 14;
  for (let i = first; i < last; ++i) {
    if (!shown[i] || isHidden(node[i])) continue;
    const dx = x(i) - px, dy = yOfEvent(i) - py;
    const d = dx * dx + dy * dy - (weight[kindName(i)] || 0) + (isLit(i) ? 0 : 60);
    if (d < least) {
      least = d;
      best = i;
    }
  }
  return best;
}
function hover(px, py) {
  const i = pick(px, py), tip = $('tip');
  tip.hidden = i < 0;
  if (i >= 0) {
    tip.textContent = `#${thousands(i + 1)}   ${exactly(time[i])}\n${sentenceOf(i)}` +
        (is(i, 'send') ? '\n' + becameOf(i) :
             send[i] >= 0 && time[i] > time[send[i]] ?
                         `\nafter ${roughly(time[i] - time[send[i]])}` :
                         '') +
        data.departures.filter((d) => d.event === i).map((d) => '\ndeparture: ' + d.text).join('');
    tip.style.left = Math.min(px + 16, layout.width - 260) + 'px';
    tip.style.top = Math.min(py + 16, layout.height - 70) + 'px';
  }
  if (i !== view.hovered) {
    view.hovered = i;
    redraw();
  }
}

const keys = [
  ['ArrowRight', '→', 'next event', () => step(1)],
  ['ArrowLeft', '←', 'previous event', () => step(-1)],
  ['Shift+ArrowRight', '⇧ →', 'next event of the same node', () => stepOnNode(1)],
  ['Shift+ArrowLeft', '⇧ ←', 'previous event of the same node', () => stepOnNode(-1)],
  ['k', 'k', 'next event of the same kind', () => stepOfKind(1)],
  ['Shift+K', '⇧ k', 'previous event of the same kind', () => stepOfKind(-1)],
  ['ArrowUp', '↑', 'the lane above', () => toLane(-1)],
  ['ArrowDown', '↓', 'the lane below', () => toLane(1)],
  ['p', 'p', 'to what caused it', toCause],
  ['e', 'e', 'to what it led to', toEffect],
  ['!', '!', 'to the violation', toViolation],
  [
    'Home', 'Home', 'first event',
    () => {
      view.selected = -1;
      step(1);
    }
  ],
  [
    'End', 'End', 'last event',
    () => {
      view.selected = -1;
      step(-1);
    }
  ],
  ['c', 'c', 'causal cone', () => setCone(!view.coneWanted)],
  ['t', 't', 'virtual time', () => chooseAxis('time')],
  ['z', 'z', 'fold quiet stretches', () => chooseAxis('folded')],
  ['r', 'r', 'order instead of time', () => chooseAxis('order')],
  [
    'f', 'f', 'show the whole run',
    () => {
      fit();
      redraw();
    }
  ],
  [
    '+', '+', 'zoom in',
    () => {
      zoomAtCursor(0.6);
    }
  ],
  [
    '-', '−', 'zoom out',
    () => {
      zoomAtCursor(1 / 0.6);
    }
  ],
  ['/', '/', 'filter by text; Enter goes to the next match', () => $('search').focus()],
  ['d', 'd', 'light or dark', () => setTheme(view.theme === 'dark' ? 'light' : 'dark')],
  ['?', '?', 'this list', () => $('help').showModal()],
  ['Escape', 'Esc', 'no event selected', () => select(-1, false)],
];
function zoomAtCursor(factor) {
  const px = view.selected >= 0 ? x(view.selected) : -1;
  zoom(factor, px >= layout.left && px <= layout.width ? px : (layout.left + layout.width) / 2);
  redraw();
}
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $('help').open) return;
  if (event.target === $('search')) {
    if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
    if (event.key === 'Escape') canvas.focus();
    return;
  }
  if (event.target === minimap && event.key.startsWith('Arrow')) {
    pan((view.to - view.from) * (event.key === 'ArrowRight' ? 0.2 : -0.2));
    event.preventDefault();
    return redraw();
  }
  const shift = event.shiftKey && (event.key.startsWith('Arrow') || /^[A-Z]$/.test(event.key)) ?
      'Shift+' :
      '';
  const known = keys.find(([name]) => name === shift + event.key);
  if (!known) return;
  event.preventDefault();
  known[3]();
}

function listenToPointers() {
  let drag = null;
  canvas.onwheel = (event) => {
    event.preventDefault();
    if (event.shiftKey) {
      view.scroll += event.deltaY || event.deltaX;
      layOutLanes();
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY))
      pan(event.deltaX / scale());
    else
      zoom(Math.exp(event.deltaY * 0.0016), event.offsetX);
    redraw();
  };
  canvas.onpointerdown = (event) => {
    drag =
        {px: event.clientX, py: event.clientY, from: view.from, scroll: view.scroll, moved: false};
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (drag === null) return hover(event.offsetX, event.offsetY);
    const dx = event.clientX - drag.px, dy = event.clientY - drag.py;
    if (Math.abs(dx) + Math.abs(dy) > 4) drag.moved = true;
    if (!drag.moved) return;
    pan(drag.from - dx / scale() - view.from);
    view.scroll = drag.scroll - dy;
    layOutLanes();
    redraw();
  };
  canvas.onpointerup = (event) => {
    if (drag !== null && !drag.moved) select(pick(event.offsetX, event.offsetY), false);
    drag = null;
  };
  canvas.onpointerleave = () => {
    $('tip').hidden = true;
    view.hovered = -1;
    redraw();
  };
  const toHere = (event) => {
    const width = view.to - view.from;
    view.from = miniPosition(event.offsetX) - width / 2;
    view.to = view.from + width;
    clampView();
    redraw();
  };
  minimap.onpointerdown = (event) => {
    minimap.setPointerCapture(event.pointerId);
    minimap.dataset.drag = '1';
    toHere(event);
  };
  minimap.onpointermove = (event) => {
    if (minimap.dataset.drag === '1') toHere(event);
  };
  minimap.onpointerup = () => {
    minimap.dataset.drag = '';
  };
  minimap.onwheel = (event) => {
    event.preventDefault();
    zoom(Math.exp(event.deltaY * 0.0016), (layout.left + layout.width) / 2);
    redraw();
  };
}

// #e=123&v=0.1,0.4&axis=order&cone=1&q=Vote&hide=n4,n5&kinds=3,5&theme=dark: events from 1, as the
// other commands count them; v in shares of the axis.
function addressOf() {
  const parts = [], last = count === 0 ? 1 : at()[count - 1] || 1;
  const put = (name, value) => parts.push(name + '=' + encodeURIComponent(value));
  if (view.selected >= 0) put('e', view.selected + 1);
  put('v', (view.from / last).toPrecision(8) + ',' + (view.to / last).toPrecision(8));
  if (view.axis !== 'time') put('axis', view.axis);
  if (view.coneWanted) put('cone', 1);
  if (view.search !== '') put('q', view.search);
  if (view.hiddenNodes.size > 0)
    put('hide', [...view.hiddenNodes].map((n) => data.nodes[n].name).join(','));
  if (view.hiddenGroups.size > 0) put('kinds', [...view.hiddenGroups].join(','));
  if (document.documentElement.dataset.chosen) put('theme', view.theme);
  return '#' + parts.join('&');
}
let ownAddress = '';
function saveAddress() {
  if (selfTesting || waiting) return;
  ownAddress = addressOf();
  try {
    history.replaceState(null, '', ownAddress);
  } catch (refused) { /* Some viewers forbid it. */
  }
}
// What a long run is opened at: the last of it before it failed, without its quiet stretches.
function showTheEnd() {
  if (count <= 300 || selfTesting) return;
  chooseAxis('folded');
  showUntil(data.violation >= 0 ? data.violation : count - 1);
}
function showUntil(end) {
  const places = at();
  view.from = places[Math.max(0, end - 160)];
  view.to = places[end] + (places[end] - view.from) * 0.06 + 1;
  clampView();
}
function readAddress(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  if (given.get('theme') === 'dark' || given.get('theme') === 'light') {
    document.documentElement.dataset.chosen = '1';
    setTheme(given.get('theme'));
  }
  const hidden = (given.get('hide') || '').split(',');
  view.hiddenNodes =
      new Set(data.nodes.map((_, n) => n).filter((n) => hidden.includes(data.nodes[n].name)));
  view.hiddenGroups =
      new Set((given.get('kinds') || '').split(',').filter((g) => g in groups).map(Number));
  view.search = given.get('q') || '';
  $('search').value = view.search;
  for (const box of document.querySelectorAll('[data-node]'))
    box.checked = !view.hiddenNodes.has(+box.dataset.node);
  for (const box of document.querySelectorAll('[data-group]'))
    box.checked = !view.hiddenGroups.has(+box.dataset.group);
  view.axis = 'time';
  const axis = given.get('axis');
  fit();
  chooseAxis(Object.hasOwn(axes, axis) ? axis : 'time');
  const event = Number(given.get('e'));
  const wanted = Number.isInteger(event) && event >= 1 && event <= count ? event - 1 : -1;
  const last = count === 0 ? 1 : at()[count - 1] || 1;
  const [from, to] = (given.get('v') || '').split(',').map(Number);
  if (to > from) {
    view.from = from * last;
    view.to = to * last;
    clampView();
  } else if (wanted >= 0 && count > 300)
    showUntil(Math.min(count - 1, wanted + 40));
  else if (wanted < 0 && axis === null)
    showTheEnd();
  view.coneWanted = given.get('cone') === '1';
  $('cone').setAttribute('aria-pressed', String(view.coneWanted));
  applyFilters();
  select(wanted, true);
}
