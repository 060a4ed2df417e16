// The list of nodes: opening what a link points at, find, keyboard, copying.

(() => {
  const page = window.oePage;
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById('find'));
  const keys = /** @type {HTMLDialogElement | null} */ (document.getElementById('keys'));
  if (!document.getElementById('nodes')) return;

  /** Opens details and all around them, and scrolls there. @param {string} id */
  function openById(id) {
    const target = document.getElementById(id);
    if (!target?.closest('#nodes')) return false;
    for (let each = /** @type {Element | null} */ (target); each; each = each.parentElement) {
      if (each instanceof HTMLDetailsElement) each.open = true;
    }
    target.scrollIntoView({ block: 'start' });
    target.querySelector('summary')?.focus({ preventScroll: true });
    page.select(target.closest('[data-node]')?.getAttribute('data-node') ?? null);
    return true;
  }

  page.open = (nodeId) => {
    const node = document.querySelector(`#nodes > [data-node="${CSS.escape(nodeId)}"]`);
    if (node) openById(node.id);
  };

  /** The nodes and parts that can be seen, in order. */
  function rows() {
    const all = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#nodes summary'))];
    return all.filter((row) => !row.closest('[hidden]') && !row.parentElement?.parentElement?.closest('details:not([open])'));
  }

  /**
   * Focuses the next row in a direction, or the next that failed.
   * @param {1 | -1} direction
   * @param {(row: HTMLElement) => boolean} [wanted]
   */
  function move(direction, wanted = () => true) {
    const all = rows();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = at < 0 ? (direction > 0 ? 0 : all.length - 1) : at + direction;
    for (let index = next; index >= 0 && index < all.length; index += direction) {
      const row = all[index];
      if (!row || !wanted(row)) continue;
      row.focus();
      row.scrollIntoView({ block: 'nearest' });
      page.select(row.closest('[data-node]')?.getAttribute('data-node') ?? null);
      return;
    }
  }

  /** Hides the nodes in whose lines the text is not. */
  function filter() {
    const text = field?.value.trim().toLowerCase() ?? '';
    const nodes = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#nodes > details'));
    let found = 0;
    for (const node of nodes) {
      const isFound = text === '' || [...node.querySelectorAll('summary')].some(
        (row) => row.textContent.toLowerCase().includes(text),
      );
      node.hidden = !isFound;
      if (isFound) found += 1;
    }
    const count = document.getElementById('found');
    if (count) count.textContent = text === '' ? '' : `${found} of ${nodes.length}`;
  }

  page.find = (text) => {
    if (!field) return;
    if (text !== undefined) field.value = text;
    field.focus();
    field.select();
    field.scrollIntoView({ block: 'nearest' });
    filter();
  };

  /** @param {boolean} open @param {string} [which] */
  function openAll(open, which = '#nodes > details') {
    for (const details of document.querySelectorAll(which)) {
      if (details instanceof HTMLDetailsElement) details.open = open;
    }
  }

  /** @type {Record<string, () => void>} */
  const commands = {
    '/': () => { page.find(); },
    j: () => { move(1); },
    k: () => { move(-1); },
    f: () => { move(1, (row) => row.classList.contains('failed')); },
    e: () => { openAll(true, '#nodes details:has(> .failed)'); },
    a: () => { openAll(true); },
    c: () => { openAll(false, '#nodes details'); },
    '?': () => { keys?.showModal(); },
    close: () => { keys?.close(); },
  };

  document.addEventListener('keydown', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || keys?.open) return;
    if (target === field) {
      if (event.key === 'Escape') { field.value = ''; filter(); field.blur(); }
      if (event.key === 'Enter' || event.key === 'ArrowDown') { event.preventDefault(); move(1); }
      return;
    }
    if (target.matches('input, textarea, select, [contenteditable]')) return;
    const isRow = target.matches('#nodes summary');
    const key = isRow && event.key === 'ArrowDown' ? 'j' : isRow && event.key === 'ArrowUp' ? 'k' : event.key;
    const command = Object.hasOwn(commands, key) ? commands[key] : undefined;
    if (!command) return;
    event.preventDefault();
    command();
  });

  document.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    const button = target.closest('[data-do]')?.getAttribute('data-do');
    if (button) commands[button]?.();
    const link = target.closest('a[href^="#"]')?.getAttribute('href');
    if (link && openById(link.slice(1))) {
      event.preventDefault(); // following the link would take the focus away
      history.pushState(null, '', link);
    }
    const row = target.closest('#nodes summary');
    if (row) page.select(row.closest('[data-node]')?.getAttribute('data-node') ?? null);
  });

  addEventListener('hashchange', () => { openById(location.hash.slice(1)); });
  field?.addEventListener('input', filter);
  page.onReplaced(() => { if (field?.value) filter(); });
  openById(location.hash.slice(1));
})();
