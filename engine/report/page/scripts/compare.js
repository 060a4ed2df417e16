// The page of two runs: opens and closes all differences, and goes from one to the next.

(() => {
  const page = document.querySelector('main.compare');
  const tools = document.getElementById('compare-tools');
  if (!page || !tools) return;
  const differences = [...page.querySelectorAll('details.compared-node')].filter(
    (each) => each instanceof HTMLDetailsElement,
  );

  /** @param {boolean} open */
  function setAll(open) {
    for (const each of differences) each.open = open;
  }

  /**
   * Opens the next difference, or the one before, and puts the focus on it.
   * @param {1 | -1} step
   */
  function go(step) {
    const here = differences.findIndex((each) => each.contains(document.activeElement));
    const start = here < 0 && step < 0 ? 0 : here;
    const next = differences[(start + step + differences.length) % differences.length];
    if (!next) return;
    next.open = true;
    next.querySelector('summary')?.focus();
    next.scrollIntoView({ block: 'nearest' });
  }

  /** @type {Record<string, () => void>} */
  const actions = { next: () => go(1), previous: () => go(-1), open: () => setAll(true), close: () => setAll(false) };
  tools.hidden = differences.length === 0;
  tools.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('button') : null;
    actions[button?.dataset.does ?? '']?.();
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'n') go(1);
    if (event.key === 'p') go(-1);
  });
})();
