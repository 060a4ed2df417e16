// The core of a run's page: puts replaced pieces in place, and knows which node is selected.
// Other scripts use `window.oePage`. Without scripts the page is readable, too.

(() => {
  /** @typedef {{ seq: number, elements: Record<string, string> }} Patch */

  /** @type {((ids: string[]) => void)[]} */
  const onReplaced = [];
  /** @type {((nodeId: string | null) => void)[]} */
  const onSelected = [];
  /** @type {string | null} */
  let selected = null;

  /**
   * Replaces elements by id; those that are not on the page are left out.
   * @param {Patch} patch
   */
  function replace(patch) {
    for (const [id, html] of Object.entries(patch.elements)) {
      const old = document.getElementById(id);
      const made = old && parsed(html, old instanceof SVGElement && !(old instanceof SVGSVGElement));
      if (!old || !made) continue;
      const focused = document.activeElement?.id;
      keepOpen(old, made);
      old.replaceWith(made);
      if (focused && document.activeElement?.id !== focused) {
        document.getElementById(focused)?.focus({ preventScroll: true });
      }
    }
    for (const tell of onReplaced) tell(Object.keys(patch.elements));
  }

  /**
   * @param {string} html
   * @param {boolean} isInsideSvg
   * @returns {Element | null}
   */
  function parsed(html, isInsideSvg) {
    const template = document.createElement('template');
    template.innerHTML = isInsideSvg ? `<svg>${html}</svg>` : html;
    const first = template.content.firstElementChild;
    return isInsideSvg ? (first?.firstElementChild ?? null) : first;
  }

  /**
   * Gives new details the state that their predecessors have.
   * @param {Element} old
   * @param {Element} made
   */
  function keepOpen(old, made) {
    for (const details of [made, ...made.querySelectorAll('details[id]')]) {
      if (!(details instanceof HTMLDetailsElement)) continue;
      const before = details.id === old.id ? old : old.querySelector(`#${CSS.escape(details.id)}`);
      if (before instanceof HTMLDetailsElement) details.open = before.open;
    }
  }

  /**
   * Selects a node everywhere on the page; null selects none.
   * @param {string | null} nodeId
   */
  function select(nodeId) {
    if (nodeId === selected) return;
    selected = nodeId;
    for (const tell of onSelected) tell(nodeId);
  }

  window.oePage = {
    replace,
    onReplaced: (fn) => void onReplaced.push(fn),
    select,
    onSelected: (fn) => void onSelected.push(fn),
    selected: () => selected,
  };
})();
