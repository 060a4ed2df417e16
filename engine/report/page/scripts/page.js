// The core of a run's page: puts replaced pieces in place, and knows which node is selected.
// Other scripts use `window.oePage`. Without scripts the page can be read, too.

(() => {
  const SVG = 'http://www.w3.org/2000/svg';

  /** @type {((ids: string[]) => void)[]} */
  const onReplaced = [];
  /** @type {((nodeId: string | null) => void)[]} */
  const onSelected = [];
  /** Pieces that wait until the reader no longer marks text in what they replace. @type {Map<string, string>} */
  const waiting = new Map();
  /** @type {string | null} */
  let selected = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;

  const announcer = document.createElement('p');
  announcer.id = 'announcer';
  announcer.setAttribute('role', 'status');
  document.body.append(announcer);
  document.documentElement.classList.add('scripted');

  /** @param {Patch} patch */
  function replace(patch) {
    const anchor = topOfView();
    const ids = [];
    for (const [id, html] of Object.entries(patch.elements)) {
      if (replaceOne(id, html)) ids.push(id);
    }
    if (anchor) keepInPlace(anchor);
    showSelected();
    followTitle();
    for (const tell of onReplaced) tell(ids);
  }

  /**
   * @param {string} id
   * @param {string} html
   */
  function replaceOne(id, html) {
    const old = document.getElementById(id);
    const made = old && parsed(html, old.namespaceURI === SVG && old.localName !== 'svg');
    if (!made) return false;
    waiting.delete(id);
    if (isMarked(old)) {
      waiting.set(id, html);
      return false;
    }
    const focused = focusIn(old);
    keepState(old, made);
    old.replaceWith(made);
    if (document.activeElement === document.body) focused()?.focus({ preventScroll: true });
    return true;
  }

  /** Finds again what has the focus in an element, once that was replaced. @param {Element} element */
  function focusIn(element) {
    const focused = document.activeElement;
    const owner = element.contains(focused) ? focused?.closest('[id]') : null;
    if (!focused || !owner) return () => null;
    const alike = () => document.querySelectorAll(`#${CSS.escape(owner.id)} ${focused.localName}`);
    const at = [...alike()].indexOf(focused);
    return () => /** @type {HTMLElement | null} */ (at < 0 ? document.getElementById(owner.id) : alike()[at]);
  }

  /**
   * @param {string} html
   * @param {boolean} isInSvg
   */
  function parsed(html, isInSvg) {
    const template = document.createElement('template');
    template.innerHTML = isInSvg ? `<svg>${html}</svg>` : html;
    const first = template.content.firstElementChild;
    return (isInSvg ? first?.firstElementChild : first) ?? null;
  }

  /** Whether the reader has marked text in it. @param {Element} element */
  function isMarked(element) {
    const marked = getSelection();
    return marked !== null && !marked.isCollapsed && marked.rangeCount > 0 && marked.getRangeAt(0).intersectsNode(element);
  }

  /**
   * Opens, scrolls and fills a new piece as its predecessor is.
   * @param {Element} old
   * @param {Element} made
   */
  function keepState(old, made) {
    /** @type {(element: Element) => Element[]} */
    const withIds = (element) => [element, ...element.querySelectorAll('[id]')].filter((each) => each.id !== '');
    const before = new Map(withIds(old).map((element) => [element.id, element]));
    for (const element of withIds(made)) {
      const known = before.get(element.id);
      if (!known) continue;
      if (known.getAttribute('data-key') !== element.getAttribute('data-key')) continue; // another part took its place
      if (element instanceof HTMLDetailsElement && known instanceof HTMLDetailsElement) element.open = known.open;
      if (element instanceof HTMLInputElement && known instanceof HTMLInputElement) element.value = known.value;
      if (known.scrollTop || known.scrollLeft) {
        requestAnimationFrame(() => { element.scrollTo(known.scrollLeft, known.scrollTop); });
      }
    }
  }

  /** The first piece in view, and how far down it is. */
  function topOfView() {
    if (scrollY === 0) return null;
    for (const element of document.querySelectorAll('main > [id], #nodes > [id]')) {
      const { top, bottom } = element.getBoundingClientRect();
      if (bottom > 0 && top >= 0) return { id: element.id, top };
    }
    return null;
  }

  /** @param {{ id: string, top: number }} anchor */
  function keepInPlace(anchor) {
    const moved = (document.getElementById(anchor.id)?.getBoundingClientRect().top ?? anchor.top) - anchor.top;
    if (moved) scrollBy({ top: moved, behavior: 'instant' });
  }

  /** Takes the title of the document from the head of the page, and says when it changes. */
  function followTitle() {
    const title = document.getElementById('head')?.dataset.title;
    if (!title || title === document.title) return;
    document.title = title;
    announce(title);
  }

  /** @param {string | null} nodeId */
  function select(nodeId) {
    if (nodeId === selected) return;
    selected = nodeId;
    showSelected();
    for (const tell of onSelected) tell(nodeId);
  }

  function showSelected() {
    for (const element of document.querySelectorAll('[data-node].selected')) {
      if (element.getAttribute('data-node') !== selected) element.classList.remove('selected');
    }
    if (selected === null) return;
    for (const element of document.querySelectorAll(`[data-node="${CSS.escape(selected)}"]`)) {
      element.classList.add('selected');
    }
  }

  /** @param {string} text */
  function announce(text) {
    announcer.textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => { announcer.textContent = ''; }, 4_000);
  }

  document.addEventListener('selectionchange', () => {
    if (waiting.size > 0 && getSelection()?.isCollapsed !== false) {
      replace({ seq: 0, elements: Object.fromEntries(waiting) });
    }
  });

  window.oePage = {
    replace,
    onReplaced: (fn) => { onReplaced.push(fn); },
    select,
    onSelected: (fn) => { onSelected.push(fn); },
    selected: () => selected,
    announce,
    open: () => undefined, // nodes.js
    find: () => undefined,
  };
})();
