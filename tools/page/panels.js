// Everything beside the picture: the event, the state of the nodes, the list of events, the legend.

const $ = (id) => document.getElementById(id);
function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
function button(text, does) {
  const made = element('button', text, {class: 'link'});
  made.onclick = does;
  return made;
}
function copy(text, from) {
  const told = (ok) => {
    const old = from.textContent;
    from.textContent = ok ? 'copied' : 'press Ctrl-C';
    setTimeout(() => {
      from.textContent = old;
    }, 1200);
  };
  if (navigator.clipboard)
    navigator.clipboard.writeText(text).then(() => told(true), () => told(false));
  else
    told(false);
}

function eventLink(i) {
  return button(
      '#' + thousands(i + 1) + ' on ' + nodeName(node[i]) + ', ' + exactly(time[i]),
      () => select(i, true));
}
function commandRow(command) {
  const row = element('div', undefined, {class: 'command'});
  row.append(element('code', command));
  const push = element('button', 'copy', {'aria-label': 'copy: ' + command});
  push.onclick = () => copy(command, push);
  row.append(push);
  return row;
}
function showEvent() {
  const box = $('event'), i = view.selected;
  box.replaceChildren();
  if (data.reason !== '' && (i < 0 || i === data.violation)) {
    box.append(element('p', data.oracle + ': ' + data.reason, {class: 'reason'}));
  }
  if (i < 0) {
    box.append(element('span', 'Click an event, or press → to step.', {class: 'quiet'}));
    return;
  }
  const table = element('table');
  const row = (name, value) => {
    const tr = table.insertRow();
    tr.insertCell().textContent = name;
    const cell = tr.insertCell();
    if (typeof value === 'string')
      cell.textContent = value;
    else
      cell.append(value);
  };
  row('event', '#' + thousands(i + 1) + ' of ' + thousands(count));
  row('time', exactly(time[i]));
  row('node',
      nodeName(node[i]) +
          (node[i] >= 0 && data.nodes[node[i]].role ? ' (' + data.nodes[node[i]].role + ')' : ''));
  row('kind', kindName(i));
  if (textOf(i) !== '') row('what', textOf(i));
  if (peer[i] >= 0)
    row(is(i, 'send')                                 ? 'to' :
            lostKinds[kind[i]] && !is(i, 'nobody up') ? 'for' :
                                                        'from',
        nodeName(peer[i]));
  if (send[i] >= 0) {
    row('sent at', eventLink(send[i]));
    if (time[i] > time[send[i]]) row('took', roughly(time[i] - time[send[i]]));
    if (is(i, 'damage')) row('was sent', data.texts[data.x[send[i]]]);
  }
  if (is(i, 'send')) {
    row('became', becameOf(i));
    for (let e = firstEnd[i]; e >= 0; e = nextEnd[e]) row('', eventLink(e));
  }
  for (const d of data.departures)
    if (d.event === i) row('departure', d.text);
  const past = (view.cone || pastOf(i)).reduce((sum, c) => sum + (c & 1), 0) - 1;
  row('causal past', thousands(past) + ' events');
  box.append(table);
  if (data.trace !== '') box.append(commandRow(data.replay + ' --break-at ' + (i + 1)));
}

function showState() {
  const cursor = view.selected >= 0 ? view.selected : count - 1;
  $('state-at').textContent =
      count === 0 ? '' : 'until ' + (view.selected >= 0 ? '#' + thousands(cursor + 1) : 'the end');
  const box = $('state');
  box.replaceChildren();
  for (const n of layout.lanes.slice(0, 60)) {
    const state = stateOf(n, cursor);
    const down = state.life === 'down' ? ' down' : '';
    const head = element('div', data.nodes[n].name + ' ', {class: 'node' + down});
    head.append(element('small', state.life + (state.boots > 1 ? ', boot ' + state.boots : '')));
    box.append(head);
    for (const fact of state.facts) {
      const fresh = fact.event === cursor;
      const line = element('div', textOf(fact.event), {
        class: 'fact' + (fact.stale ? ' stale' : '') + (fresh ? ' fresh' : ''),
        title: '#' + (fact.event + 1) + ', ' + exactly(time[fact.event]) +
            (fact.stale ? ', of an earlier boot' : '')
      });
      line.onclick = () => select(fact.event, true);
      box.append(line);
    }
  }
}

// Forty events about the selected one, of those that the filters leave.
function showList() {
  const box = $('list'), middle = Math.max(0, view.selected), rows = [];
  box.replaceChildren();
  for (let i = middle; i >= 0 && rows.length < 14; --i)
    if (matches[i]) rows.unshift(i);
  for (let i = middle + 1; i < count && rows.length < 40; ++i)
    if (matches[i]) rows.push(i);
  for (const i of rows) {
    const item = element(
        'li',
        String(i + 1).padStart(6) + '  ' + (node[i] < 0 ? '--' : nodeName(node[i])).padEnd(4) +
            (kindName(i) + (peer[i] >= 0 ? ' ' + nodeName(peer[i]) : '') + '  ' + textOf(i)));
    if (faultKinds[kind[i]] || is(i, 'crash') || is(i, 'verdict')) item.className = 'bad';
    if (i === view.selected) item.setAttribute('aria-current', 'true');
    item.style.whiteSpace = 'pre';
    item.onclick = () => select(i, true);
    box.append(item);
  }
}

function showDepartures() {
  $('departures-section').hidden = data.departures.length === 0;
  $('h-departures').textContent = 'Departures (' + thousands(data.departures.length) + ')';
  const shownMost = 200;
  for (const d of data.departures.slice(0, shownMost)) {
    const row = element('div');
    if (d.event >= 0)
      row.append(button(d.text, () => select(d.event, true)));
    else
      row.append(element('span', d.text, {class: 'quiet'}));
    $('departures').append(row);
  }
}
function showMetrics() {
  $('metrics-section').hidden = data.metrics.length === 0 && data.faults.length === 0;
  const table = element('table');
  for (const m of data.metrics) {
    const tr = table.insertRow();
    tr.title = m.about;
    tr.insertCell().textContent = m.name;
    tr.insertCell().textContent = m.value;
  }
  for (const f of data.faults) {
    const tr = table.insertRow();
    tr.title = 'attempted, applied, observed';
    tr.insertCell().textContent = 'fault ' + f.name;
    tr.insertCell().textContent = f.counts.join(' / ');
  }
  $('metrics').append(table);
}

// The legend tells only of what occurs.
const icons = {
  line: (c, dash) => `<path d="M1 7H21" stroke="${c}" stroke-width="2" fill="none" ${
      dash ? 'stroke-dasharray="4 3"' : ''}/>`,
  arrow: (c) =>
      `<path d="M1 7H15" stroke="${c}" stroke-width="2"/><path d="M21 7l-8-4v8z" fill="${c}"/>`,
  cross: (c) => `<path d="M1 7H9" stroke="${
      c}" stroke-width="2" stroke-dasharray="3 2"/><circle cx="14" cy="7" r="6" fill="${
      c}"/><path d="M11.6 4.6l4.8 4.8m0-4.8l-4.8 4.8" stroke="var(--back)" stroke-width="1.5"/>`,
  disc: (c) => `<circle cx="11" cy="7" r="6" fill="${
      c}"/><path d="M8.6 4.6l4.8 4.8m0-4.8l-4.8 4.8" stroke="var(--back)" stroke-width="1.6"/>`,
  ring: (c) => `<circle cx="11" cy="7" r="5.5" fill="none" stroke="${c}" stroke-width="2"/>`,
  square: (c) => `<rect x="5" y="1" width="12" height="12" rx="3" fill="${c}"/>`,
  diamond: (c) => `<path d="M11 1l6 6-6 6-6-6z" fill="${c}"/>`,
  strip: (c) => `<rect x="0" y="1" width="22" height="12" fill="${c}" opacity=".3"/>`,
  sync: (c) => `<path d="M10 2h2v6h3v3H7V8h3z" fill="${c}"/>`,
  flag: (c) => `<path d="M11 11L6 3h10z" fill="${c}"/>`,
};
function showLegend() {
  const box = $('legend'), occurs = new Set();
  box.replaceChildren();
  for (let i = 0; i < count; ++i) {
    const saved = is(i, 'fact') && isSavedState(i);
    const start = is(i, 'boot') && textOf(i) === '';
    occurs.add(start ? 'start' : saved ? 'saved' : kindName(i));
  }
  for (const span of data.spans) occurs.add('span ' + span.kind);
  const add = (icon, text) => {
    const item = element('span', undefined, {role: 'listitem'});
    item.innerHTML = `<svg viewBox="0 0 22 14" aria-hidden="true">${icon}</svg>`;  // Icons only.
    item.append(text);
    box.append(item);
  };
  messageTypes.slice(0, 8).forEach((type, i) => {
    const rest = i === 7 && messageTypes.length > 8;
    add(icons.arrow(`var(--t${i})`), rest ? 'other messages' : type);
  });
  const rows = [
    ['drop', icons.cross('var(--red)'), 'dropped'],
    ['cut off', icons.cross('var(--band)'), 'cut off'],
    ['nobody up', icons.cross('var(--grey)'), 'receiver down'],
    ['duplicate', icons.line('var(--purple)', true), 'duplicate'],
    ['stale', icons.line('var(--purple)', true), 'stale copy'],
    ['damage', icons.diamond('var(--amber)'), 'damaged'],
    ['fact', icons.diamond('var(--ink)'), 'fact'],
    ['saved', icons.square('var(--blue)'), 'saved state'],
    ['crash', icons.disc('var(--red)'), 'crash'],
    ['boot', icons.ring('var(--recover)'), 'restart'],
    ['span down', icons.strip('var(--down)'), 'down'],
    ['span recovering', icons.strip('var(--recover)'), 'recovering'],
    ['span spell', icons.strip('var(--amber)'), 'spell'],
    ['span cut', icons.strip('var(--band)'), 'partition'],
    ['sync', icons.sync('var(--teal)'), 'sync'],
    ['sync fail', icons.diamond('var(--amber)'), 'disk fault'],
    ['lose', icons.diamond('var(--red)'), 'unsynced, lost'],
    ['rot', icons.diamond('var(--amber)'), 'bit rot'],
    ['mishap', icons.diamond('var(--amber)'), 'disk mishap'],
    ['clock', icons.ring('var(--flag)'), 'clock set off']
  ];
  for (const [name, icon, text] of rows)
    if (occurs.has(name)) add(icon, text);
  if (data.departures.some((d) => d.event >= 0)) add(icons.flag('var(--amber)'), 'departure');
}
