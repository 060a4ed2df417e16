// Buttons that copy: the values of nodes that are open, and commands.

(() => {
  const page = window.oePage;

  /** @param {Element} around */
  function addButtons(around) {
    for (const text of around.querySelectorAll('pre, code.command')) {
      if (text.nextElementSibling?.matches('.copy') || text.closest('details:not([open])')) continue;
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'copy';
      button.textContent = 'Copy';
      button.setAttribute('aria-label', `Copy ${text.closest('dd')?.previousElementSibling?.textContent ?? 'the command'}`);
      text.after(button);
    }
  }

  /** @param {Element} source */
  async function copy(source) {
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch { // a frame may not use the clipboard
      getSelection()?.selectAllChildren(source);
      document.execCommand('copy'); // eslint-disable-line @typescript-eslint/no-deprecated -- the only other way
      getSelection()?.removeAllRanges();
    }
    page.announce('Copied');
  }

  document.addEventListener('click', (event) => {
    const button = /** @type {Element} */ (event.target).closest('.copy');
    if (button?.previousElementSibling) void copy(button.previousElementSibling);
  });
  document.addEventListener('toggle', (event) => {
    if (event.target instanceof HTMLDetailsElement && event.target.open) addButtons(event.target);
  }, true);
  page.onReplaced((ids) => {
    for (const element of ids.map((id) => document.getElementById(id))) if (element) addButtons(element);
  });
  addButtons(document.body);
})();
