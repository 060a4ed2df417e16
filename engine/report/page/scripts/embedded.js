// Connects a served page with an editor that shows it in a frame (vscode-client/webview/panel.ts).
//
// The editor opens the page with `#embedder=ORIGIN`; messages go to and are accepted from that origin only, and from the
// window around this one only. Whoever frames the page knows its token, and so may already ask the server for anything.
//
// To the page:
//   { type: 'theme', kind: 'light' | 'dark' | 'high-contrast' | 'high-contrast-light', colours: { page, ink, … } }
//   { type: 'select', nodeId: string | null }
// From the page:
//   { type: 'ready' }                            it listens
//   { type: 'selected', nodeId: string | null }  somebody selected a node
//   { type: 'resume', runId, options }           the button that starts what the shown plan says
//   { type: 'cancel', runId }
//   { type: 'copy', text }
//   { type: 'diff', address }                    on the page of two runs: open a node in the editor's own diff
//   { type: 'connection', isLive: boolean }      whether the page still hears from its server

(() => {
  const page = window.oePage;
  const origin = new URLSearchParams(location.hash.slice(1)).get('embedder') ?? stored();
  if (!page || !origin || window.parent === window) return;
  store(origin);

  const KINDS = ['light', 'dark', 'high-contrast', 'high-contrast-light'];
  const root = document.documentElement;
  /** @type {string | null} */
  let told = null;

  /** Links on the page lead to others, without the fragment. A browser may keep nothing for a frame. */
  function stored() {
    try {
      return sessionStorage.getItem('embedder');
    } catch {
      return null;
    }
  }

  /** @param {string} embedder */
  function store(embedder) {
    try {
      sessionStorage.setItem('embedder', embedder);
    } catch {
      // the next page then shows its own theme
    }
  }

  /** @param {object} message */
  function tell(message) {
    window.parent.postMessage(message, /** @type {string} */ (origin));
  }

  /** @param {string} url of a run */
  function runIdOf(url) {
    return new URL(url, location.href).pathname.split('/').at(-1) ?? '';
  }

  /** @param {{ kind?: unknown, colours?: unknown }} theme */
  function applyTheme({ kind, colours }) {
    if (typeof kind === 'string' && KINDS.includes(kind)) root.dataset.theme = kind;
    for (const [name, colour] of Object.entries(colours ?? {})) {
      if (/^[a-z]+$/.test(name) && typeof colour === 'string') root.style.setProperty(`--${name}`, colour);
    }
  }

  /**
   * Scrolls as little as needed, and not at all while the node is in view somewhere.
   * @param {string} nodeId
   */
  function reveal(nodeId) {
    const shown = [...document.querySelectorAll(`[data-node="${CSS.escape(nodeId)}"]`)];
    const isInView = shown.some((each) => {
      const { top, bottom, height } = each.getBoundingClientRect();
      return height > 0 && top >= 0 && bottom <= innerHeight;
    });
    if (!isInView) shown[0]?.scrollIntoView({ block: 'nearest' });
  }

  window.addEventListener('message', ({ source, origin: from, data }) => {
    if (source !== window.parent || from !== origin) return;
    if (data?.type === 'theme') applyTheme(data);
    if (data?.type === 'select' && (typeof data.nodeId === 'string' || data.nodeId === null)) {
      told = data.nodeId;
      page.select(data.nodeId);
      if (data.nodeId !== null) reveal(data.nodeId);
    }
  });

  page.onSelected((nodeId) => {
    // What the editor selected is no news to it.
    if (nodeId !== told) tell({ type: 'selected', nodeId });
    told = nodeId;
  });
  page.embedder = {
    resume: (url, options) => tell({ type: 'resume', runId: runIdOf(url), options }),
    cancel: (url) => tell({ type: 'cancel', runId: runIdOf(url) }),
    copy: (text) => tell({ type: 'copy', text }),
  };

  for (const details of document.querySelectorAll('.compared-node[data-address]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Open in the diff editor';
    button.addEventListener('click', () => {
      tell({ type: 'diff', address: details.getAttribute('data-address') });
    });
    details.querySelector('.inside')?.prepend(button);
  }

  const connection = document.getElementById('connection');
  if (connection) {
    const observer = new MutationObserver(() => tell({ type: 'connection', isLive: !connection.textContent }));
    observer.observe(connection, { childList: true, characterData: true, subtree: true });
  }
  root.dataset.embedded = '';
  tell({ type: 'ready' });
})();
