// The page comes alive: labels are written, listeners are set, and the address is heeded.

const selfTesting = /selftest/.test(location.hash);

function fillHead() {
  document.title = data.scenario + ': ' + (data.oracle || data.verdict);
  $('title').textContent = data.title;
  $('verdict').textContent =
      data.verdict.toUpperCase() + (data.oracle === '' ? '' : ' ' + data.oracle);
  $('verdict').classList.add(data.verdict);
  $('subtitle').textContent = [
    data.subtitle, thousands(count) + ' events', thousands(data.departures.length) + ' departures',
    exactly(endTime)
  ].filter((t) => t !== '').join('  ·  ');
  $('replay').textContent = data.replay;
  $('replay').hidden = $('copy').hidden = data.trace === '';
  $('copy').onclick = () => copy(data.replay, $('copy'));
  $('violation').hidden = data.violation < 0;
  canvas.setAttribute(
      'aria-label',
      `Space-time diagram of ${data.nodes.length} nodes and ${count} events. ` +
          'Arrow keys step through the events; ? lists all keys.');
}

function fillMenus() {
  const checkbox = (into, text, dataset, set, value) => {
    const row = element('label'), box = element('input');
    box.type = 'checkbox';
    box.checked = true;
    Object.assign(box.dataset, dataset);
    box.onchange = () => {
      if (box.checked)
        view[set].delete(value);
      else
        view[set].add(value);
      applyFilters();
    };
    row.append(box, ' ' + text);
    into.append(row);
  };
  const occurs = new Set(kind);
  groups.forEach(([name, names], g) => {
    if (names.some((k) => occurs.has(kindOf[k])))
      checkbox($('kinds'), name, {group: g}, 'hiddenGroups', g);
  });
  data.nodes.forEach(
      (n, i) => checkbox(
          $('nodes'), n.name + (n.role ? '  ' + n.role : ''), {node: i}, 'hiddenNodes', i));
  for (const [, key, does] of keys) {
    const tr = $('keys').insertRow(), cell = tr.insertCell();
    cell.append(element('kbd', key));
    tr.insertCell().textContent = does;
  }
}

function listen() {
  $('previous').onclick = () => step(-1);
  $('next').onclick = () => step(1);
  $('search').oninput = () => {
    view.search = $('search').value.trim();
    applyFilters();
  };
  for (const b of $('axes').children) b.onclick = () => chooseAxis(b.dataset.axis);
  $('cone').onclick = () => setCone(!view.coneWanted);
  $('violation').onclick = toViolation;
  $('fit').onclick = () => {
    fit();
    redraw();
  };
  $('zoom-in').onclick = () => zoomAtCursor(0.6);
  $('zoom-out').onclick = () => zoomAtCursor(1 / 0.6);
  $('theme').onclick = () => {
    document.documentElement.dataset.chosen = '1';
    setTheme(view.theme === 'dark' ? 'light' : 'dark');
  };
  $('print').onclick = () => window.print();
  $('help-open').onclick = () => $('help').showModal();
  $('help-close').onclick = () => $('help').close();
  addEventListener('keydown', onKey);
  addEventListener('resize', () => {
    measure();
    redraw();
  });
  // Only an address that somebody typed: our own is no news.
  addEventListener('hashchange', () => {
    if (location.hash !== ownAddress) readAddress(location.hash);
  });
  addEventListener('click', (event) => {
    for (const menu of document.querySelectorAll('details.menu[open]'))
      if (!menu.contains(event.target)) menu.open = false;
  });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', () => {
    if (!document.documentElement.dataset.chosen) setTheme(dark.matches ? 'dark' : 'light');
  });
  // Paper is white.
  let before = '';
  addEventListener('beforeprint', () => {
    before = view.theme;
    setTheme('light');
    measure();
    drawNow();
  });
  addEventListener('afterprint', () => {
    setTheme(before);
    measure();
    redraw();
  });
  listenToPointers();
}

function measure() {
  layout.width = canvas.parentElement.clientWidth;
  layout.height = canvas.parentElement.clientHeight;
  layOutLanes();
}

fillHead();
fillMenus();
showMetrics();
showDepartures();
setTheme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
showLegend();
measure();
listen();
readAddress(selfTesting ? '' : location.hash);
drawNow();
if (selfTesting) runSelfTest();
