// The buttons of a served page: shows the plan of a resume before it starts, resumes, cancels, copies the command.

(() => {
  const page = window.oePage;
  if (!page || !document.getElementById('actions')) return;

  const OPTIONS = ['from', 'rerun', 'accept', 'isolated'];

  const message = document.createElement('p');
  message.id = 'message';
  message.className = 'notice';
  message.setAttribute('role', 'status');
  document.getElementById('actions')?.after(message);

  /** @type {{ url: string, options: Record<string, string>, digest: string | null } | null} */
  let planned = null;
  /** @type {HTMLElement | null} */
  let asked = null;

  const bar = () => document.getElementById('actions');
  const plan = () => document.getElementById('plan');

  /** Shows the buttons that can be used: those of a node only while one is selected. */
  function show() {
    const actions = bar();
    if (!actions) return;
    actions.hidden = !actions.querySelector('button');
    const nodeId = page.selected();
    for (const group of actions.querySelectorAll('.node-actions')) {
      if (!(group instanceof HTMLElement)) continue;
      group.hidden = nodeId === null;
      const name = group.querySelector('.selected');
      if (name) name.textContent = nodeId ?? '';
    }
  }

  /** @param {string} text */
  function say(text) {
    message.textContent = text;
  }

  /**
   * @param {string} url
   * @param {Record<string, unknown>} [body] sent as a POST
   * @returns {Promise<{ ok: boolean, answer: Record<string, any> }>}
   */
  async function ask(url, body) {
    const init = body
      ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      : {};
    try {
      const response = await fetch(url, init);
      const isJson = response.headers.get('content-type')?.startsWith('application/json');
      return { ok: response.ok, answer: isJson ? await response.json() : { message: await response.text() } };
    } catch {
      return { ok: false, answer: { message: 'The page server has ended. Start it again with: oe inspect --serve' } };
    }
  }

  /**
   * Asks what a resume would do, and shows it.
   * @param {string} url of the run
   * @param {Record<string, string>} options
   */
  async function showPlan(url, options) {
    planned = null; // the one that is shown is no longer what was asked for
    plan()?.replaceChildren();
    say('Planning…');
    const { ok, answer } = await ask(`${url}/plan?${new URLSearchParams(options)}`);
    if (!ok) return say(answer.message);
    say('');
    put(url, options, answer);
  }

  /**
   * @param {string} url
   * @param {Record<string, string>} options
   * @param {Record<string, any>} answer
   */
  function put(url, options, answer) {
    planned = { url, options, digest: answer.digest };
    page.replace({ seq: 0, elements: { plan: answer.html, ...(answer.graph ? { graph: answer.graph } : {}) } });
    page.showPlan?.(answer.answers);
    document.getElementById('plan-title')?.focus();
    plan()?.scrollIntoView({ block: 'nearest' });
  }

  function drop() {
    planned = null;
    plan()?.replaceChildren();
    page.showPlan?.(null);
    if (asked?.isConnected) asked.focus();
  }

  /** Starts what the shown plan says; if it has changed, shows the new one. */
  async function start() {
    if (!planned) return;
    const { url, options, digest } = planned;
    if (page.embedder) {
      page.embedder.resume(url, digest ? { ...options, expect: digest } : options);
      return drop();
    }
    say('Starting…');
    for (const button of plan()?.querySelectorAll('button') ?? []) button.disabled = true;
    const { ok, answer } = await ask(`${url}/resume`, digest ? { ...options, expect: digest } : options);
    if (!ok && answer.html) {
      say('');
      return put(url, options, answer);
    }
    drop();
    if (!ok) return say(answer.message);
    say('Started.');
    location.assign(answer.url);
  }

  /** @param {string} url */
  async function cancel(url) {
    if (page.embedder) return page.embedder.cancel(url);
    const { ok, answer } = await ask(`${url}/cancel`, {});
    say(ok ? 'Cancelling: running nodes are being stopped.' : answer.message);
  }

  /** @param {string} command */
  async function copy(command) {
    const nodeId = page.selected();
    const text = nodeId === null ? command : `${command} --from ${word(nodeId)}`;
    if (page.embedder) return page.embedder.copy(text);
    try {
      await navigator.clipboard.writeText(text);
      say(`Copied: ${text}`);
    } catch {
      say(text);
    }
  }

  /**
   * A text as one word of a shell command.
   * @param {string} text
   */
  function word(text) {
    return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
  }

  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('button[data-action]') : null;
    const actions = bar();
    if (!(button instanceof HTMLElement) || !actions) return;
    const { action = '' } = button.dataset;
    const { url = '', command = '' } = actions.dataset;
    const nodeId = page.selected();
    if (action === 'start') void start();
    else if (action === 'drop') drop();
    else if (action === 'cancel') void cancel(url);
    else if (action === 'copy') void copy(command);
    else if (action === 'resume' || (OPTIONS.includes(action) && nodeId !== null)) {
      asked = button;
      void showPlan(url, action === 'resume' ? {} : { [action]: nodeId ?? '' });
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && planned) drop();
  });

  page.onReplaced((ids) => {
    if (ids.includes('actions')) {
      show();
      if (message.textContent?.startsWith('Cancelling') && !bar()?.querySelector('[data-action=cancel]')) say('');
    }
    if (ids.includes('page') && planned) void showPlan(planned.url, planned.options);
  });
  page.onSelected(show);
  show();
})();
