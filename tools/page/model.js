// The run as the page has it: events as columns of numbers, what belongs to what, what can have
// caused what, and where on the horizontal axis each event lies.

const data = JSON.parse(document.getElementById('run').textContent);

const kindOf = {};
data.kinds.forEach((name, i) => {
  kindOf[name] = i;
});
const count = data.t.length;

const time = new Float64Array(count);  // In nanoseconds.
const kind = Uint8Array.from(data.k);
const node = Int32Array.from(data.n);  // Which of data.nodes; -1 for none.
const peer = Int32Array.from(data.p);
const send = new Int32Array(count);               // Of the end of a message: its send. Else -1.
const firstEnd = new Int32Array(count).fill(-1);  // Of a send: what became of it,
const nextEnd = new Int32Array(count).fill(-1);   // and what became of further copies.
const before = new Int32Array(count).fill(-1);    // The event before and after on the same node.
const after = new Int32Array(count).fill(-1);

const lostKinds = new Uint8Array(data.kinds.length);
for (const name of ['drop', 'cut off', 'nobody up']) lostKinds[kindOf[name]] = 1;
const arrivedKinds = new Uint8Array(data.kinds.length);
for (const name of ['deliver', 'duplicate', 'damage', 'stale']) arrivedKinds[kindOf[name]] = 1;

// Groups of kinds, as people switch them on and off.
const groups = [
  ['messages', ['send', 'deliver']],
  ['lost or damaged', ['drop', 'cut off', 'nobody up', 'duplicate', 'damage', 'stale']],
  ['facts', ['fact']],
  ['timers', ['wake']],
  ['boots and crashes', ['boot', 'crash', 'exit', 'left out']],
  ['disk', ['create', 'write', 'truncate', 'rename', 'remove', 'sync', 'sync dir']],
  ['disk faults', ['sync fail', 'lose', 'rot', 'mishap']],
  ['cuts, spells, clocks', ['cut', 'heal', 'strike', 'over', 'clock', 'calm']],
  ['verdict', ['verdict']],
];
const groupOf = new Uint8Array(data.kinds.length);
groups.forEach(([, names], g) => names.forEach((n) => {
  groupOf[kindOf[n]] = g;
}));

(function linkEvents() {
  const last = new Int32Array(data.nodes.length).fill(-1);
  const lastEnd = new Int32Array(count).fill(-1);
  let now = 0;
  for (let i = 0; i < count; ++i) {
    now += data.t[i];
    time[i] = now;
    send[i] = data.s[i] === 0 ? -1 : i - data.s[i];
    const s = send[i];
    if (s >= 0) {
      if (firstEnd[s] < 0)
        firstEnd[s] = i;
      else
        nextEnd[lastEnd[s]] = i;
      lastEnd[s] = i;
    }
    // Nobody learns that a message was lost, though its end carries a node's name.
    const n = node[i];
    if (n < 0 || lostKinds[kind[i]]) continue;
    before[i] = last[n];
    if (last[n] >= 0) after[last[n]] = i;
    last[n] = i;
  }
})();

const endTime = count === 0 ? 0 : time[count - 1];

function kindName(i) {
  return data.kinds[kind[i]];
}
function is(i, name) {
  return kind[i] === kindOf[name];
}
function nodeName(n) {
  return n < 0 ? 'the run' : data.nodes[n].name;
}

// What it says: a delivery says what was sent, unless it was damaged.
function textOf(i) {
  const own = data.texts[data.x[i]];
  return own === '' && send[i] >= 0 ? data.texts[data.x[send[i]]] : own;
}
function typeOf(i) {
  const text = textOf(i);
  const end = text.indexOf('(');
  return end < 0 ? text : text.slice(0, end);
}

function exactly(ns) {
  const [value, unit] = ns >= 1e9 ? [ns / 1e9, 's'] : [ns / 1e6, 'ms'];
  return String(+value.toFixed(6)) + ' ' + unit;
}
function roughly(ns) {
  if (ns >= 1e9) return (ns / 1e9).toPrecision(3) + ' s';
  return ns >= 1e6 ? (ns / 1e6).toPrecision(3) + ' ms' : (ns / 1e3).toPrecision(3) + ' µs';
}
function thousands(n) {
  return n.toLocaleString('en-US');
}

// Lamport's happens-before, backwards: 1 for whatever can have caused the event, and itself.
function pastOf(event) {
  const past = new Uint8Array(count), open = [event];
  while (open.length > 0) {
    const i = open.pop();
    if (past[i]) continue;
    past[i] = 1;
    if (before[i] >= 0) open.push(before[i]);
    if (send[i] >= 0) open.push(send[i]);
  }
  return past;
}
// Forwards: 1 for whatever it can have caused, and itself.
function futureOf(event) {
  const future = new Uint8Array(count), open = [event];
  while (open.length > 0) {
    const i = open.pop();
    if (future[i]) continue;
    future[i] = 1;
    if (after[i] >= 0) open.push(after[i]);
    for (let e = firstEnd[i]; e >= 0; e = nextEnd[e]) {
      if (arrivedKinds[kind[e]])
        open.push(e);
      else
        future[e] = 1;
    }
  }
  return future;
}
// Of each event: 0 outside, 1 past, 2 future, 3 the event itself.
function coneOf(event) {
  const cone = pastOf(event), future = futureOf(event);
  for (let i = 0; i < count; ++i) cone[i] += 2 * future[i];
  return cone;
}

// How long messages usually take, by which quiet stretches are told from busy ones.
const typical = (function typicalFlight() {
  const flights = [];
  for (let i = 0; i < count && flights.length < 5000; ++i) {
    if (send[i] >= 0 && time[i] > time[send[i]]) flights.push(time[i] - time[send[i]]);
  }
  flights.sort((a, b) => a - b);
  return flights.length > 0 ? flights[flights.length >> 1] : Math.max(1, endTime / 200);
})();

// Where each event lies on the axis: by its time; by its time without quiet stretches; or by its
// order alone.
const axes = {
  time: {at: time, folds: []}
};
axes.order = {
  at: Float64Array.from({length: count}, (_, i) => i),
  folds: []
};
axes.folded = (function fold() {
  const at = new Float64Array(count), folds = [], most = 6 * typical;
  let cut = 0;
  for (let i = 1; i < count; ++i) {
    const gap = time[i] - time[i - 1];
    if (gap > most) {
      cut += gap - most;
      folds.push({from: i - 1, to: i, ns: gap});
    }
    at[i] = time[i] - cut;
  }
  return {at, folds};
})();

// The first event that is not before the position.
function lowerBound(at, position) {
  let low = 0, high = at.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle] < position)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// Facts of each node, in order, for the state of all nodes at a moment.
const factsOf = data.nodes.map(() => []);
const livesOf = data.nodes.map(() => []);  // Boots and crashes.
const factTypes = data.nodes.map(() => new Set());
for (let i = 0; i < count; ++i) {
  if (node[i] < 0) continue;
  if (is(i, 'fact')) {
    factsOf[node[i]].push(i);
    factTypes[node[i]].add(typeOf(i));
  } else if (is(i, 'boot') || is(i, 'crash') || is(i, 'exit') || is(i, 'left out')) {
    livesOf[node[i]].push(i);
  }
}

// What the node had reported by then: the latest fact of each type, and whether it is up.
function stateOf(n, event) {
  const facts = new Map(), list = factsOf[n];
  for (let k = lowerBound(list, event + 1) - 1; k >= 0; --k) {
    const type = typeOf(list[k]);
    if (!facts.has(type)) facts.set(type, list[k]);
    if (facts.size === factTypes[n].size) break;
  }
  const life = livesOf[n][lowerBound(livesOf[n], event + 1) - 1];
  const names =
      {boot: 'up', crash: 'down', exit: 'up, Main has returned', 'left out': 'stands still'};
  const lives = livesOf[n].slice(0, lowerBound(livesOf[n], event + 1));
  const boot = lives.filter((i) => is(i, 'boot')).pop();
  return {
    life: life === undefined ? 'not started' : names[kindName(life)],
    boots: lives.filter((i) => is(i, 'boot')).length,
    // Facts of an earlier boot: the node may know nothing of them any more.
    facts: [...facts].sort().map(([type, i]) => ({type, event: i, stale: i < boot})),
  };
}

// The event in a sentence, for people who cannot see the picture as well.
function sentenceOf(i) {
  const name = kindName(i), who = nodeName(node[i]), text = textOf(i), other = nodeName(peer[i]);
  const says = text === '' ? '' : ' ' + text;
  const sentences = {
    send: () => `${who} sends${says} to ${other}`,
    deliver: () => `${who} receives${says} from ${other}`,
    duplicate: () => `${who} receives another copy of${says} from ${other}`,
    damage: () => `${who} receives, damaged,${says} from ${other}`,
    stale: () => `${who} receives${says} from ${other}, a copy meant for an earlier boot`,
    drop: () => `the network loses${says} from ${who} to ${other}`,
    'cut off': () => `a cut stops${says} from ${who} to ${other}`,
    'nobody up': () => `${who} is down when${says} arrives from ${other}`,
    fact: () => `${who} reports${says}`,
    crash: () => `${who} crashes${says && ':' + says}`,
    boot: () => `${who} starts${says && ':' + says}`,
    exit: () => `${who} has nothing more to do`,
    wake: () => `${who} wakes`,
    lose: () => `${who}'s crash loses what was not synced of${says}`,
    rot: () => `a stored bit flips on ${who}:${says}`,
    mishap: () => `${who}'s disk misbehaves:${says}`,
    cut: () => `the network is cut:${says}`,
    heal: () => `the cut heals:${says}`,
    strike: () => `a fault begins on ${who}:${says}`,
    over: () => `a fault ends on ${who}:${says}`,
    clock: () => `${who}'s clock is set off:${says}`,
    calm: () => 'the storm is over; the calm begins',
    verdict: () => `the verdict:${says}`,
  };
  return (sentences[name] || (() => `${who} ${name}${says}`))();
}
function becameOf(i) {
  if (!is(i, 'send')) return '';
  const ends = [];
  for (let e = firstEnd[i]; e >= 0; e = nextEnd[e]) {
    ends.push(
        {
          deliver: 'delivered',
          drop: 'dropped',
          duplicate: 'delivered again',
          damage: 'delivered damaged',
          stale: 'delivered stale'
        }[kindName(e)] ||
        kindName(e));
  }
  return ends.length > 0 ? ends.join(', ') : 'still underway at the end';
}
// Of each node the last event of the past, and the first of the future; -1 where there is none.
function coneEndsOf(cone) {
  const ends = data.nodes.map(() => ({past: -1, future: -1}));
  for (let i = 0; i < count; ++i) {
    if (node[i] < 0 || lostKinds[kind[i]]) continue;
    if (cone[i] & 1) ends[node[i]].past = i;
    if (cone[i] & 2 && ends[node[i]].future < 0) ends[node[i]].future = i;
  }
  return ends;
}
