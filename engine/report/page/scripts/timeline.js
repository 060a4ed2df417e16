// The timeline of a run: zoom, pan, the axis, the time of day, the critical path, and time that goes on.
// Bars are drawn in milliseconds, so all of this only sets the viewBox of the drawings.

(() => {
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;
  // As in drawing/timeline_axis.py.
  const STEPS = [
    ...[1, 10, 100, 1000].flatMap((power) => [power, 2 * power, 5 * power]),
    ...[10, 15, 30].map((count) => count * SECOND),
    ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
    ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
    ...[1, 2, 5, 10, 20, 50, 100, 1000].map((count) => count * DAY),
  ];
  const LEAST_MS = 5;
  const PIXELS_PER_TICK = 90;
  const SVG = 'http://www.w3.org/2000/svg';

  /** The time shown, in milliseconds from the start of the run; the whole run while `isFit`. */
  const shown = { from: 0, to: 1, isFit: true };
  const options = { timeOfDay: false, critical: false };
  /** How far the run had come when its log was last heard of, and when that was by the clock of this page. */
  const heard = { end: 1, at: 0, started: 0, isLive: false };
  let frame = 0;

  const panel = () => document.querySelector('.timeline-panel');
  const end = () => heard.end + (heard.isLive ? performance.now() - heard.at : 0);

  function readClock() {
    const data = document.getElementById('timeline-clock')?.dataset;
    if (!data) return;
    const isLive = data.live === 'true';
    const at = Number(data.end);
    if (isLive && heard.isLive && at < end()) return; // its clock goes on here
    Object.assign(heard, { end: at, at: performance.now(), started: Date.parse(data.started ?? ''), isLive });
  }

  function draw() {
    frame = 0;
    const all = end();
    if (shown.isFit) Object.assign(shown, { from: 0, to: all });
    const box = (/** @type {string} */ height) => `${shown.from} 0 ${shown.to - shown.from} ${height}`;
    for (const drawing of document.querySelectorAll('.timeline-panel .time')) {
      drawing.setAttribute('viewBox', box(drawing.getAttribute('height') ?? '24'));
    }
    drawAxis();
  }

  function drawSoon() {
    frame ||= requestAnimationFrame(draw);
  }

  function drawAxis() {
    const axis = document.querySelector('.timeline-axis');
    if (!axis) return;
    const width = axis.getBoundingClientRect().width;
    const span = shown.to - shown.from;
    const most = Math.max(2, Math.floor(width / PIXELS_PER_TICK));
    const step = STEPS.find((each) => each * most >= span) ?? span / most;
    const offset = options.timeOfDay ? heard.started - new Date(heard.started).getTimezoneOffset() * MINUTE : 0;
    const texts = [];
    /** @type {string[]} */
    const places = [];
    for (let at = Math.ceil((shown.from + offset) / step) * step - offset; at <= shown.to; at += step) {
      const share = (at - shown.from) / span;
      const x = `${(share * 100).toFixed(3)}%`;
      places.push(x);
      if (share > 0.96) continue;
      const label = options.timeOfDay ? timeOfDay(at, step) : sinceStart(at, step);
      const anchor = share < 0.03 ? 'start' : 'middle';
      texts.push(made('text', { x, y: '13', 'text-anchor': anchor }, label));
    }
    const lines = (/** @type {string} */ y1) => places.map((x) => made('line', { x1: x, x2: x, y1, y2: '100%' }));
    axis.replaceChildren(...lines('20'), ...texts);
    document.querySelector('.timeline-grid')?.replaceChildren(...lines('0'));
  }

  /**
   * @param {string} tag
   * @param {Record<string, string>} attributes
   * @param {string} [text]
   */
  function made(tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text) element.textContent = text;
    return element;
  }

  const decimalsOf = (/** @type {number} */ step) => (step >= SECOND ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3);

  /**
   * As tick_label in drawing/timeline_axis.py.
   * @param {number} at
   * @param {number} step
   */
  function sinceStart(at, step) {
    if (at < 0.5) return '0';
    if (at < SECOND && step < SECOND) return `${Math.round(at)} ms`;
    const decimals = decimalsOf(step);
    if (at < MINUTE) return `${(at / SECOND).toFixed(decimals)} s`;
    if (step >= DAY) return `${Math.round(at / DAY)} d`;
    if (step >= HOUR && at >= DAY) return `${Math.floor(at / DAY)} d ${Math.round((at % DAY) / HOUR)} h`;
    const seconds = ((at % MINUTE) / SECOND).toFixed(decimals).padStart(decimals ? decimals + 3 : 2, '0');
    const minutes = String(Math.floor((at % HOUR) / MINUTE));
    return at < HOUR ? `${minutes}:${seconds}` : `${Math.floor(at / HOUR)}:${minutes.padStart(2, '0')}:${seconds}`;
  }

  /**
   * @param {number} at
   * @param {number} step
   */
  function timeOfDay(at, step) {
    const moment = new Date(heard.started + at);
    if (step >= DAY) return moment.toLocaleDateString([], { month: 'short', day: 'numeric' });
    /** @type {Intl.DateTimeFormatOptions} */
    const format = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
    if (step < MINUTE) format.second = '2-digit';
    const digits = decimalsOf(step);
    if (digits === 1 || digits === 2 || digits === 3) format.fractionalSecondDigits = digits;
    return moment.toLocaleTimeString([], format);
  }

  /**
   * Zooms by a factor (below 1: in) around a share of the width.
   * @param {number} factor
   * @param {number} [share]
   */
  function zoom(factor, share = 0.5) {
    const all = end();
    const span = Math.min(Math.max((shown.to - shown.from) * factor, Math.min(LEAST_MS, all)), all);
    const centre = shown.from + (shown.to - shown.from) * share;
    show(centre - span * share, span);
  }

  /**
   * @param {number} from
   * @param {number} span
   */
  function show(from, span) {
    const all = end();
    shown.isFit = span >= all;
    shown.from = Math.min(Math.max(from, 0), Math.max(all - span, 0));
    shown.to = shown.from + span;
    drawSoon();
  }

  /** @param {number} share */
  function pan(share) {
    const span = shown.to - shown.from;
    show(shown.from + span * share, span);
  }

  function fit() {
    shown.isFit = true;
    drawSoon();
  }

  /** The share of the drawings' width at a place on the screen. @param {number} clientX */
  function shareAt(clientX) {
    const place = document.querySelector('.timeline-axis')?.getBoundingClientRect();
    return place ? Math.min(Math.max((clientX - place.left) / place.width, 0), 1) : 0.5;
  }

  /** @type {Record<string, () => void>} */
  const actions = {
    'zoom-in': () => zoom(1 / 1.6),
    'zoom-out': () => zoom(1.6),
    fit,
    clock: () => {
      options.timeOfDay = !options.timeOfDay;
      showOptions();
      drawSoon();
    },
    critical: () => {
      options.critical = !options.critical;
      const inGraph = graphSwitch();
      if (inGraph) inGraph.checked = options.critical;
      showOptions();
    },
  };

  /** @type {Record<string, () => void>} */
  const keys = {
    '+': actions['zoom-in'],
    '=': actions['zoom-in'],
    '-': actions['zoom-out'],
    0: fit,
    ArrowLeft: () => pan(-0.15),
    ArrowRight: () => pan(0.15),
  };

  function showOptions() {
    const tools = document.getElementById('timeline-tools');
    if (!tools) return;
    tools.hidden = false;
    tools.querySelector('[data-does=clock]')?.setAttribute('aria-pressed', String(options.timeOfDay));
    tools.querySelector('[data-does=critical]')?.setAttribute('aria-pressed', String(options.critical));
    panel()?.classList.toggle('critical-path', options.critical);
    const rows = (document.getElementById('timeline-critical')?.dataset.rows ?? '').split(' ');
    const critical = new Set(rows.map((number) => `timeline-row-${number}`));
    for (const row of document.querySelectorAll('.timeline-row')) {
      row.classList.toggle('critical', critical.has(row.id));
    }
  }

  /** The switch of the graph for the same path, if there is one. */
  function graphSwitch() {
    const found = document.getElementById('graph-show-critical');
    return found instanceof HTMLInputElement ? found : null;
  }

  /** @param {string | null} nodeId */
  function showSelected(nodeId) {
    for (const row of document.querySelectorAll('.timeline-row')) {
      row.classList.toggle('selected', row instanceof HTMLElement && row.dataset.node === nodeId);
    }
  }

  // Listeners are on the document: the section may be replaced as a whole.
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest('#timeline-tools button');
    if (button instanceof HTMLElement) actions[button.dataset.does ?? '']?.();
    const row = event.target.closest('.timeline-row > summary')?.parentElement;
    if (row && !dragged) window.oePage.select(row.dataset.node ?? null);
    if (dragged && event.target.closest('.timeline-panel')) event.preventDefault();
  });

  document.addEventListener('change', (event) => {
    if (event.target !== graphSwitch()) return;
    options.critical = graphSwitch()?.checked ?? false;
    showOptions();
  });

  document.addEventListener('keydown', (event) => {
    const isHere = event.target instanceof Element && event.target.closest('.timeline-panel');
    if (!isHere || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  document.addEventListener(
    'wheel',
    (event) => {
      if (!(event.target instanceof Element) || !event.target.closest('.timeline-panel')) return;
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      if (!event.ctrlKey && !event.metaKey && (!sideways || shown.isFit)) return; // the page scrolls
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) zoom(Math.exp(event.deltaY * 0.004), shareAt(event.clientX));
      else pan((event.deltaX || event.deltaY) / 1200);
    },
    { passive: false },
  );

  /** @type {{ x: number, from: number } | null} */
  let drag = null;
  let dragged = false;
  document.addEventListener('pointerdown', (event) => {
    dragged = false;
    const isBar = event.target instanceof Element && event.target.closest('.timeline-panel .time');
    if (isBar && event.button === 0 && !shown.isFit) drag = { x: event.clientX, from: shown.from };
  });
  document.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const width = document.querySelector('.timeline-axis')?.getBoundingClientRect().width ?? 1;
    const moved = event.clientX - drag.x;
    if (Math.abs(moved) > 3) dragged = true;
    panel()?.classList.toggle('moving', dragged);
    const span = shown.to - shown.from;
    if (dragged) show(drag.from - (moved / width) * span, span);
  });
  document.addEventListener('pointerup', () => {
    drag = null;
    panel()?.classList.remove('moving');
  });

  function refresh() {
    readClock();
    showOptions();
    showSelected(window.oePage.selected());
    draw();
  }

  /** While the run goes on, so does its time: a fitted timeline is drawn again a few times a second. */
  function goOn() {
    if (heard.isLive && shown.isFit && !document.hidden && panel()) drawSoon();
  }

  if (!panel()) return;
  window.oePage.onReplaced((ids) => {
    if (ids.some((id) => id === 'page' || id.startsWith('timeline'))) refresh();
  });
  window.oePage.onSelected(showSelected);
  window.addEventListener('resize', drawSoon);
  setInterval(goOn, 250);
  refresh();
})();
