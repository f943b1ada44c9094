// What the page says of itself when it is opened with #selftest: each line a check, the last line
// the outcome, for a test that reads the document.

function runSelfTest() {
  const lines = [];
  const check = (name, holds) => lines.push((holds ? 'ok    ' : 'FAIL  ') + name);
  const tests = [
    testModel, testSteps, testFilters, testAxes, testCone, testState, testPicking, testDrawing,
    testAddress, testThemes, testWords
  ];
  for (const test of tests) {
    try {
      test(check);
    } catch (error) {
      check(test.name + ' threw ' + error.message, false);
    }
  }
  const failed = lines.filter((l) => l.startsWith('FAIL')).length;
  const ms = medianDraw(15);
  lines.push(
      `events ${count}`, `draw_ms ${ms.toFixed(3)}`, `dense ${drawn.dense}`,
      failed === 0 ? `SELFTEST PASSED ${lines.length} checks` : `SELFTEST FAILED ${failed} checks`);
  document.body.prepend(element('pre', lines.join('\n'), {id: 'selftest'}));
}

// A redraw of the whole run; reading a pixel back waits until it is really painted.
function medianDraw(times) {
  view.axis = 'time';
  view.selected = -1;
  view.cone = null;
  fit();
  const took = [];
  for (let k = 0; k < times; ++k) {
    const began = performance.now();
    draw();
    pen.getImageData(0, 0, 1, 1);
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b)[times >> 1];
}

function testModel(check) {
  check('there are events', count > 0 && data.k.length === count && data.x.length === count);
  check('time never runs back', time.every((t, i) => i === 0 || t >= time[i - 1]));
  check(
      'an end comes after its send',
      send.every((s, i) => s < 0 || (s < i && kind[s] === kindOf.send)));
  let linked = 0;
  for (let s = 0; s < count; ++s)
    for (let e = firstEnd[s]; e >= 0; e = nextEnd[e]) linked += send[e] === s ? 1 : -count;
  check('every end hangs at its send', linked === send.reduce((n, s) => n + (s >= 0 ? 1 : 0), 0));
  check(
      'spans lie within the run',
      data.spans.every((s) => s.from >= 0 && s.from <= s.to && s.to < count));
  check('nothing is loaded', document.querySelectorAll('[src],[href],link,iframe').length === 0);
  check('the data are no markup', document.scripts.length === 2);
}

function testSteps(check) {
  select(-1, false);
  step(1);
  check('the first step goes to the first event', view.selected === 0);
  step(1);
  check('a step forward', view.selected === Math.min(1, count - 1));
  step(-1);
  check('a step back', view.selected === 0);
  stepOnNode(1);
  check('a step on the same node', view.selected === 0 || node[view.selected] === node[0]);
  const from = view.selected;
  stepOfKind(1);
  check('a step to the same kind', kind[view.selected] === kind[from]);
  const arrival = kind.findIndex((k) => arrivedKinds[k]);
  if (arrival >= 0) {
    select(arrival, true);
    toCause();
    check('the cause of an arrival is its send', view.selected === send[arrival]);
    toEffect();
    check('what a send led to is its first end', view.selected === firstEnd[send[arrival]]);
  }
  if (data.violation >= 0) {
    toViolation();
    check('the violation is told', $('event').textContent.includes(data.oracle));
    const px = x(view.selected);
    check('the violation is in view', px > layout.left && px < layout.width);
  }
  check(
      'the sentence is spoken', $('spoken').textContent.startsWith('Event ' + (view.selected + 1)));
  onKey(new KeyboardEvent('keydown', {key: 'Home'}));
  check('Home goes to the first event', view.selected === 0);
  onKey(new KeyboardEvent('keydown', {key: 'ArrowRight'}));
  check('the right arrow steps', view.selected === Math.min(1, count - 1));
  onKey(new KeyboardEvent('keydown', {key: 'Escape'}));
  check('Escape selects nothing', view.selected === -1);
}

function testFilters(check) {
  view.search = 'no text says this 0x5eed';
  applyFilters();
  check('a search for nothing finds nothing', matched === 0);
  step(1);
  check('and no step leads anywhere', view.selected === -1);
  const said = Array.from({length: count}, (_, i) => i).find((i) => typeOf(i) !== '');
  view.search = said === undefined ? '' : typeOf(said);
  applyFilters();
  check('a search finds what says it', said === undefined || matches[said] === 1);
  view.search = '';
  const box = document.querySelector('[data-node]'), n = +box.dataset.node;
  box.click();
  check(
      'a hidden node has no lane', laneOf[n] === -1 && !matches.some((m, i) => m && node[i] === n));
  box.click();
  check('and gets it back', laneOf[n] >= 0 && matched === count);
  const group = document.querySelector('[data-group]'), g = +group.dataset.group;
  group.click();
  check('a hidden kind is not shown', !shown.some((s, i) => s && groupOf[kind[i]] === g));
  group.click();
  check('and comes back', matched === count);
}

function testAxes(check) {
  for (const name of ['time', 'folded', 'order']) {
    const places = axes[name].at;
    check(name + ': places never go back', places.every((p, i) => i === 0 || p >= places[i - 1]));
    chooseAxis(name);
    fit();
    check(name + ': all is in view', x(0) >= layout.left - 1 && x(count - 1) <= layout.width);
    zoom(0.25, layout.left + 50);
    check(name + ': zooming keeps what is under the pointer', view.to - view.from > 0);
    const fixed = positionOf(200);
    zoom(0.5, 200);
    check(
        name + ': and keeps it exactly',
        count < 9 ||
            Math.abs(positionOf(200) - fixed) <=
                1e-6 * Math.abs(fixed) + 1e-3 * (view.to - view.from));
  }
  check('folds are in order', axes.folded.folds.every((f) => f.from + 1 === f.to && f.ns > 0));
  check('folding only shortens', axes.folded.at[count - 1] <= time[count - 1]);
  chooseAxis('time');
  fit();
}

function testCone(check) {
  const arrival = kind.findIndex((k) => arrivedKinds[k]);
  if (arrival >= 0) {
    const past = pastOf(arrival), future = futureOf(send[arrival]);
    check('a send is in its arrival\'s past', past[send[arrival]] === 1 && future[arrival] === 1);
    check('the past is past', past.every((p, i) => !p || i <= arrival));
    check(
        'past and future agree',
        Array.from(past).every(
            (p, i) => !p || i === arrival || i % 997 !== 0 || futureOf(i)[arrival] === 1));
  }
  const lost = kind.findIndex((k) => lostKinds[k]);
  if (lost >= 0) check('nobody learns of a loss', futureOf(lost).reduce((a, b) => a + b, 0) === 1);
  setCone(true);
  if (data.violation >= 0)
    check('the cone is the violation\'s', view.cone !== null && view.cone[data.violation] === 3);
  setCone(false);
  check('and gone', view.cone === null);
  select(-1, false);
}

function testState(check) {
  const n = factsOf.findIndex((list) => list.length > 0);
  if (n >= 0) {
    const facts = factsOf[n], last = facts[facts.length - 1];
    check(
        'the last fact is in the state at the end',
        stateOf(n, count - 1).facts.some((f) => f.event === last));
    check('and not before it', !stateOf(n, last - 1).facts.some((f) => f.event === last));
    check(
        'one fact of each type',
        new Set(stateOf(n, last).facts.map((f) => f.type)).size === stateOf(n, last).facts.length);
  }
  const crash = kind.findIndex((k) => k === kindOf.crash);
  if (crash >= 0) check('a crashed node is down', stateOf(node[crash], crash).life === 'down');
  select(Math.min(5, count - 1), true);
  check('the panel says when', $('state-at').textContent.includes('#'));
  select(-1, false);
}

function testPicking(check) {
  chooseAxis('order');
  fit();
  const i = Array.from({length: count}, (_, k) => k).find((k) => k >= count / 2 && node[k] >= 0);
  if (i === undefined) return;
  view.from = i - 8;
  view.to = i + 8;
  draw();
  check('what is under the pointer is picked', pick(x(i), y(node[i])) === i);
  check(
      'nothing is picked where nothing is',
      pick(layout.left + 3, 2) === -1 || node[pick(layout.left + 3, 2)] < 0);
  chooseAxis('time');
  fit();
}

function testDrawing(check) {
  const inkAt = (px, py) => {
    const ratio = canvas.width / layout.width;
    return [...pen.getImageData(Math.round(px * ratio), Math.round(py * ratio), 1, 1).data].join();
  };
  draw();
  check('the picture is painted', inkAt(layout.width - 1, layout.height - 1).endsWith('255'));
  const n = layout.lanes[0];
  check('a lane is drawn', inkAt(43 - 24, y(n)) !== inkAt(layout.width - 1, layout.height - 1));
  check('many events are drawn as density', drawn.dense === (count > kDenseAbove));
  if (count > kDenseAbove) {
    const middle = count >> 1;
    view.from = time[middle];
    view.to = time[Math.min(count - 1, middle + 200)] || view.from + 1;
    draw();
    check('and few of them one by one', drawn.dense === false && drawn.events < kDenseAbove);
    fit();
  }
}

function testAddress(check) {
  chooseAxis('order');
  view.search = 'n1';
  applyFilters();
  select(Math.min(3, count - 1), true);
  const kept = addressOf();
  view.search = '';
  chooseAxis('time');
  select(-1, false);
  readAddress(kept);
  check('the address keeps the event', view.selected === Math.min(3, count - 1));
  check('the axis and the search', view.axis === 'order' && view.search === 'n1');
  check('and itself', addressOf() === kept);
  readAddress('#e=0&v=x,y&axis=__proto__&hide=nobody&kinds=99&cone=2');
  check(
      'a wrong address does no harm',
      view.selected === -1 && view.axis === 'time' && view.to > view.from);
}

function testThemes(check) {
  const theme = view.theme;
  setTheme('dark');
  const dark = colour.back;
  setTheme('light');
  check('light and dark differ', dark !== colour.back && colour.types.length === 8);
  check('every colour has a value', Object.values(colour).flat().every((c) => c !== ''));
  setTheme(theme);
}

function testWords(check) {
  let said = true;
  for (let i = 0; i < count; i += Math.max(1, count >> 10)) said = said && sentenceOf(i).length > 3;
  check('every event has a sentence', said);
  check(
      'the legend tells of what occurs',
      $('legend').children.length > 0 &&
          $('legend').textContent.includes('crash') === kind.includes(kindOf.crash));
  check('the pictures have words', canvas.getAttribute('aria-label').includes(String(count)));
  const buttons = [...document.querySelectorAll('button')];
  check(
      'every button has a name',
      buttons.every((b) => (b.getAttribute('aria-label') || b.textContent).trim() !== ''));
  check('keys are listed', $('keys').rows.length === keys.length);
}
