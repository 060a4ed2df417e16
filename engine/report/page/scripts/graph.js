// The graph of a run's page: opens what is inside a box, finds nodes, and follows edges with the keyboard.

(() => {
  const page = window.oePage;
  if (!document.getElementById('graph')) return;

  const STEP = 1.25;
  const PAN = 60;

  const viewport = /** @type {Viewport} */ (page.viewport);

  /** The switches that the reader set. @type {Map<string, boolean>} */
  const switches = new Map();

  /** @returns {HTMLElement[]} */
  const views = () => [...document.querySelectorAll('#graph .graph-view')].filter((each) => each instanceof HTMLElement);

  /** @param {HTMLElement} view */
  function svgOf(view) {
    const svg = view.querySelector('svg');
    return svg instanceof SVGSVGElement ? svg : null;
  }

  // ---- boxes

  /** @param {EventTarget | null} target */
  const elementOf = (target) => (target instanceof Element ? target : null);

  /** @param {EventTarget | null} target */
  function viewOf(target) {
    const view = elementOf(target)?.closest('.graph-view');
    return view instanceof HTMLElement ? view : null;
  }

  /** @param {Element} box */
  const linkOf = (box) => box.querySelector('a[data-node]');

  /** @param {Element} view */
  const boxesOf = (view) => [...view.querySelectorAll('.boxes > .box')];

  /** One box of each drawing can be reached with Tab, the others with arrows. @param {HTMLElement} view */
  function rove(view) {
    const boxes = boxesOf(view);
    const chosen = boxes.find((box) => box.contains(document.activeElement))
      ?? boxes.find((box) => linkOf(box)?.classList.contains('selected')) ?? boxes[0];
    for (const box of boxes) {
      for (const link of box.querySelectorAll('a')) link.setAttribute('tabindex', box === chosen ? '0' : '-1');
    }
  }

  /**
   * @param {HTMLElement} view
   * @param {Element} box
   */
  function focusBox(view, box) {
    const link = linkOf(box);
    if (!(link instanceof SVGElement)) return;
    link.focus({ preventScroll: true });
    rove(view);
    viewport.reveal(view, box);
  }

  /**
   * The next box in a direction: along edges up and down, within the layer left and right.
   * @param {HTMLElement} view
   * @param {Element} box
   * @param {string} key
   */
  function neighbour(view, box, key) {
    const here = viewport.placeOf(box);
    if (!here) return null;
    /** @type {{ box: Element, far: number }[]} */
    const found = [];
    const along = key === 'ArrowUp' || key === 'ArrowDown' ? numbersAlong(view, box, key) : null;
    for (const other of boxesOf(view)) {
      const place = other === box ? null : viewport.placeOf(other);
      if (!place) continue;
      if (along) {
        if (along.has(lastNumber(other))) found.push({ box: other, far: Math.abs(place.y - here.y) * 2 + Math.abs(place.x - here.x) });
      } else if (Math.abs(place.y - here.y) < 8 && (key === 'ArrowLeft') === place.x < here.x) {
        found.push({ box: other, far: Math.abs(place.x - here.x) });
      }
    }
    return found.sort((one, other) => one.far - other.far)[0]?.box ?? null;
  }

  /** @param {Element} box */
  const lastNumber = (box) => box.id.slice(box.id.lastIndexOf('-') + 1);

  /**
   * @param {HTMLElement} view
   * @param {Element} box
   * @param {string} key
   */
  function numbersAlong(view, box, key) {
    const own = lastNumber(box);
    const edges = (svgOf(view)?.dataset.edges ?? '').split(' ').map((edge) => edge.split('-'));
    return new Set(edges.flatMap(([from = '', to = '']) => {
      if (key === 'ArrowDown') return from === own ? [to] : [];
      return to === own ? [from] : [];
    }));
  }

  // ---- opening

  /**
   * Opens or closes the graph inside a box.
   * @param {Element} opener
   */
  function toggle(opener) {
    const inner = document.getElementById((opener.getAttribute('href') ?? '#').slice(1));
    if (!(inner instanceof HTMLDetailsElement)) return;
    inner.open = !inner.open;
    followOpened();
    if (!inner.open) return;
    for (const view of inner.querySelectorAll('.graph-view')) {
      if (view instanceof HTMLElement && view.offsetParent) viewport.keep(view);
    }
    inner.querySelector('summary')?.focus({ preventScroll: true });
    inner.scrollIntoView({ block: 'nearest' });
  }

  function followOpened() {
    for (const opener of document.querySelectorAll('#graph .opener')) {
      const inner = document.getElementById((opener.getAttribute('href') ?? '#').slice(1));
      opener.setAttribute('aria-expanded', String(inner instanceof HTMLDetailsElement && inner.open));
    }
  }

  // ---- finding

  /** Which of the found boxes was looked at last. */
  let foundAt = -1;

  /** Marks the boxes whose ids contain the text; returns them. */
  function markFound() {
    const field = document.getElementById('graph-find');
    const text = field instanceof HTMLInputElement ? field.value.trim().toLowerCase() : '';
    /** @type {Element[]} */
    const found = [];
    for (const view of views()) {
      for (const box of boxesOf(view)) {
        const link = linkOf(box);
        const isFound = text !== '' && (link?.getAttribute('data-node') ?? '').toLowerCase().includes(text);
        link?.classList.toggle('found', isFound);
        if (isFound) found.push(box);
      }
      svgOf(view)?.classList.toggle('finds', text !== '');
    }
    const count = document.getElementById('graph-found');
    const said = text === '' ? '' : found.length === 1 ? '1 node' : `${found.length} nodes`;
    if (count && count.textContent !== said) count.textContent = said;
    return found;
  }

  /** Opens all around a box, and shows it in the middle. @param {Element | undefined} box */
  function goTo(box) {
    const view = viewOf(box ?? null);
    if (!box || !view) return;
    for (let each = /** @type {Element | null} */ (view); each; each = each.parentElement) {
      if (each instanceof HTMLDetailsElement) each.open = true;
    }
    viewport.goTo(view, box);
    if (view.id !== 'graph-view-all') view.scrollIntoView({ block: 'nearest' });
  }

  document.addEventListener('input', (event) => {
    if (elementOf(event.target)?.id !== 'graph-find') return;
    foundAt = 0;
    goTo(markFound()[0]);
  });

  /** @param {KeyboardEvent} event @param {HTMLInputElement} field */
  function findKey(event, field) {
    if (event.key === 'Enter') {
      const found = markFound();
      if (found.length === 0) return;
      foundAt = (foundAt + (event.shiftKey ? found.length - 1 : 1)) % found.length;
      goTo(found[foundAt]);
    } else if (event.key === 'Escape') {
      field.value = '';
      markFound();
    } else if (event.key === 'ArrowDown') {
      const box = markFound()[Math.max(0, foundAt)];
      const view = viewOf(box ?? null);
      if (box && view) focusBox(view, box);
    } else {
      return;
    }
    event.preventDefault();
  }

  // ---- hands and keys

  document.addEventListener('click', (event) => {
    const target = elementOf(event.target);
    const opener = target?.closest('#graph .opener');
    if (opener) {
      event.preventDefault();
      toggle(opener);
      return;
    }
    const button = target?.closest('#graph [data-graph]');
    if (button) {
      const view = lastView();
      if (!view) return;
      const does = button.getAttribute('data-graph');
      if (does === 'fit') viewport.fit(view);
      else viewport.zoom(view, does === 'in' ? STEP : 1 / STEP);
      return;
    }
    const link = target?.closest('#graph a[data-node]');
    if (link) page.select(link.getAttribute('data-node'));
  });

  /** The drawing that buttons apply to: the one used last, else the outermost. */
  let used = '';
  function lastView() {
    const view = document.getElementById(used) ?? document.getElementById('graph-view-all');
    return view instanceof HTMLElement ? view : null;
  }

  document.addEventListener('wheel', (event) => {
    const view = viewOf(event.target);
    if (!view || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const frame = view.getBoundingClientRect();
    viewport.zoom(view, Math.exp(-event.deltaY * 0.002), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });

  /** @type {{ view: HTMLElement, x: number, y: number, moved: boolean } | null} */
  let drag = null;
  document.addEventListener('pointerdown', (event) => {
    const view = viewOf(event.target);
    if (!view) return;
    used = view.id;
    if (event.button === 0) drag = { view, x: event.clientX, y: event.clientY, moved: false };
  });
  document.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const [right, down] = [drag.x - event.clientX, drag.y - event.clientY];
    if (!drag.moved && Math.abs(right) + Math.abs(down) < 5) return;
    viewport.pan(drag.view, right, down);
    drag = { ...drag, x: event.clientX, y: event.clientY, moved: true };
    drag.view.classList.add('dragged');
  });
  /** @param {Event} event */
  const swallow = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  const drop = () => {
    drag?.view.classList.remove('dragged');
    if (drag?.moved) {
      // The click that ends a drag selects nothing.
      addEventListener('click', swallow, { capture: true });
      setTimeout(() => removeEventListener('click', swallow, { capture: true }));
    }
    drag = null;
  };
  document.addEventListener('pointerup', drop);
  document.addEventListener('pointercancel', drop);
  document.addEventListener('dragstart', (event) => { if (viewOf(event.target)) event.preventDefault(); });

  document.addEventListener('keydown', (event) => {
    if (event.target instanceof HTMLInputElement && event.target.id === 'graph-find') return findKey(event, event.target);
    const view = viewOf(event.target);
    if (!view || event.ctrlKey || event.metaKey || event.altKey) return;
    used = view.id;
    const box = elementOf(event.target)?.closest('.box');
    const opener = box?.querySelector('.opener');
    if (event.key === '+' || event.key === '=') viewport.zoom(view, STEP);
    else if (event.key === '-') viewport.zoom(view, 1 / STEP);
    else if (event.key === '0') viewport.fit(view);
    else if (event.key === ' ' && opener) toggle(opener);
    else if (event.key.startsWith('Arrow')) arrow(view, box ?? null, event.key, event.shiftKey);
    else return;
    event.preventDefault();
  });

  /**
   * @param {HTMLElement} view
   * @param {Element | null} box
   * @param {string} key
   * @param {boolean} pans
   */
  function arrow(view, box, key, pans) {
    if (!box || pans) {
      viewport.pan(view, key === 'ArrowRight' ? PAN : key === 'ArrowLeft' ? -PAN : 0, key === 'ArrowDown' ? PAN : key === 'ArrowUp' ? -PAN : 0);
      return;
    }
    const next = neighbour(view, box, key);
    if (next) focusBox(view, next);
  }

  // ---- the page

  function refresh() {
    for (const tool of document.querySelectorAll('#graph .graph-zoom, #graph .graph-find')) tool.removeAttribute('hidden');
    for (const [id, checked] of switches) {
      const input = document.getElementById(id);
      if (input instanceof HTMLInputElement) input.checked = checked;
    }
    for (const view of views()) {
      if (!view.offsetParent) continue; // inside something closed
      viewport.keep(view);
      rove(view);
    }
    followOpened();
    markFound();
  }

  document.addEventListener('change', (event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.id.startsWith('graph-show-')) switches.set(input.id, input.checked);
  });
  document.addEventListener('toggle', (event) => {
    if (elementOf(event.target)?.closest('#graph')) refresh();
  }, { capture: true });

  // A plan comes with its graph; when it is dropped, its switch goes.
  page.showPlan = (plan) => {
    const input = document.getElementById('graph-show-plan');
    if (plan !== null || !(input instanceof HTMLInputElement)) return;
    input.checked = false;
    input.closest('label')?.remove();
  };
  page.onReplaced((ids) => {
    if (ids.some((id) => id === 'page' || id.startsWith('graph'))) refresh();
  });
  page.onSelected((nodeId) => {
    if (nodeId === null) return;
    for (const view of views()) {
      const link = view.offsetParent ? view.querySelector(`a[data-node="${CSS.escape(nodeId)}"]`) : null;
      const box = link?.closest('.box');
      if (!box) continue;
      rove(view);
      viewport.reveal(view, box);
      return;
    }
  });

  let width = innerWidth;
  addEventListener('resize', () => {
    if (width === innerWidth) return;
    width = innerWidth;
    for (const view of views()) viewport.resized(view);
  });
  refresh();
})();
