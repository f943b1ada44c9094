// The whole run in a strip, with its faults, and the part of it that is in view.

const minimap = document.getElementById('minimap');
const mini = {
  pen: minimap.getContext('2d'),
  picture: document.createElement('canvas'),
  key: ''
};

function miniX(position) {
  const last = count === 0 ? 1 : at()[count - 1] || 1;
  return layout.left + (position / last) * (minimap.clientWidth - layout.left - layout.right);
}
function miniPosition(px) {
  const last = count === 0 ? 1 : at()[count - 1] || 1;
  return ((px - layout.left) / (minimap.clientWidth - layout.left - layout.right)) * last;
}

// What changes only with the axis, the filters, the colours or the size.
function drawMiniPicture(width, height, ratio) {
  const g = mini.picture.getContext('2d');
  mini.picture.width = width * ratio;
  mini.picture.height = height * ratio;
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.fillStyle = colour.panel;
  g.fillRect(0, 0, width, height);
  const places = at(), counts = new Uint32Array(width + 1), bad = new Uint32Array(width + 1);
  const first = miniX(0), perPosition = count === 0 ? 1 : miniX(1) - first;
  for (const span of data.spans) {
    if (span.kind !== 'cut' && span.kind !== 'down') continue;
    g.globalAlpha = span.kind === 'cut' ? 0.25 : 0.18;
    g.fillStyle = span.kind === 'cut' ? colour.band : colour.red;
    const a = miniX(places[span.from]), b = miniX(places[span.to]);
    g.fillRect(a, 4, Math.max(1, b - a), height - 16);
  }
  let most = 1;
  for (let i = 0; i < count; ++i) {
    if (!shown[i]) continue;
    const c = (first + places[i] * perPosition) | 0;
    if (matches[i] && ++counts[c] > most) most = counts[c];
    if (faultKinds[kind[i]]) ++bad[c];
  }
  const tall = (height - 24) / Math.log1p(most);
  g.globalAlpha = 0.7;
  g.fillStyle = view.search === '' ? colour.lane : colour.blue;
  for (let c = 0; c <= width; ++c) {
    if (counts[c] > 0)
      g.fillRect(c, height - 12 - tall * Math.log1p(counts[c]), 1, tall * Math.log1p(counts[c]));
  }
  g.globalAlpha = 1;
  g.fillStyle = colour.red;
  for (let c = 0; c <= width; ++c)
    if (bad[c] > 0) g.fillRect(c, height - 10, 1, 4);
  const pin = (i, fill, radius) => {
    g.fillStyle = fill;
    g.beginPath();
    g.arc(miniX(places[i]), 8, radius, 0, 7);
    g.fill();
  };
  for (const i of landmarks)
    if (is(i, 'crash')) pin(i, colour.red, 3);
  if (data.calm >= 0) {
    g.fillStyle = colour.green;
    g.fillRect(miniX(places[data.calm]), 2, 1, height - 8);
  }
  if (data.violation >= 0) {
    g.fillStyle = colour.red;
    g.fillRect(miniX(places[data.violation]) - 1, 2, 2, height - 6);
    pin(data.violation, colour.red, 4.5);
  }
}

function drawMinimap() {
  const ratio = window.devicePixelRatio || 1, width = minimap.clientWidth,
        height = minimap.clientHeight;
  if (width === 0 || height === 0) return;
  const key = [
    view.axis, view.theme, width, height, ratio, view.search, [...view.hiddenGroups],
    [...view.hiddenNodes]
  ].join('|');
  if (key !== mini.key) {
    drawMiniPicture(width, height, ratio);
    mini.key = key;
  }
  minimap.width = width * ratio;
  minimap.height = height * ratio;
  const g = mini.pen;
  g.drawImage(mini.picture, 0, 0);
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  const a = Math.max(layout.left - 8, miniX(view.from)), b = Math.min(width - 4, miniX(view.to));
  g.globalAlpha = 0.5;
  g.fillStyle = colour.panel;
  g.fillRect(0, 0, a, height);
  g.fillRect(b, 0, width - b, height);
  g.globalAlpha = 0.12;
  g.fillStyle = colour.blue;
  g.fillRect(a, 1, Math.max(3, b - a), height - 2);
  g.globalAlpha = 1;
  g.strokeStyle = colour.blue;
  g.lineWidth = 1.5;
  g.strokeRect(a, 1, Math.max(3, b - a), height - 2);
  g.fillStyle = colour.quiet;
  g.font = kFont;
  g.textBaseline = 'middle';
  g.textAlign = 'left';
  g.fillText('whole run', 14, height / 2 - 8);
  g.fillText(thousands(count) + ' events', 14, height / 2 + 8);
  if (view.selected >= 0) {
    g.fillStyle = colour.blue;
    g.fillRect(miniX(at()[view.selected]) - 1, 1, 2, height - 2);
  }
  const last = count === 0 ? 1 : at()[count - 1] || 1;
  minimap.setAttribute(
      'aria-valuenow',
      Math.round(100 * Math.max(0, Math.min(1, (view.from + view.to) / 2 / last))));
}
