// Keeps a served page up to date: receives what changed, says when it is cut off, and goes on to the newest run.

(() => {
  const page = window.oePage;
  const { events, follows } = document.documentElement.dataset;
  if (!page || !events) return;

  const state = document.createElement('p');
  state.className = 'notice';
  state.id = 'connection';
  state.setAttribute('role', 'status');
  document.querySelector('.around')?.prepend(state);

  /** @type {number | undefined} */
  let lostAt;
  let source = connected(events);

  /** @param {string} url */
  function connected(url) {
    const made = new EventSource(url);
    made.addEventListener('open', () => {
      lostAt = undefined;
      state.textContent = '';
    });
    made.addEventListener('message', (event) => {
      page.replace(JSON.parse(event.data));
    });
    made.addEventListener('select', (event) => {
      page.select(JSON.parse(event.data));
    });
    made.addEventListener('error', () => {
      lostAt ??= Date.now();
      const at = new Date(lostAt).toLocaleTimeString();
      state.textContent = `Not live since ${at}: the page server has ended, or cannot be reached.`;
    });
    return made;
  }

  /** A page that follows the newest run goes on to it, unless somebody is about to start something here. */
  function goOn() {
    const next = document.getElementById('newest')?.dataset.url;
    if (!next || follows !== 'latest' || document.querySelector('#plan section')) return;
    source.close();
    location.assign(next);
  }

  page.onReplaced((ids) => {
    const title = document.getElementById('head')?.dataset.title;
    if (title) document.title = title;
    if (ids.includes('newest')) goOn();
  });

  // A page that the browser kept in memory has no connection any more, and missed what happened meanwhile.
  addEventListener('pagehide', () => source.close());
  addEventListener('pageshow', (event) => {
    if (event.persisted) source = connected(events);
  });
})();
