// In the webview of the run panel: passes messages between the framed page and the extension, each from its own origin
// only; tells the page VS Code's theme; and says so when the page does not answer.

declare function acquireVsCodeApi(): { setState(state: unknown): void; postMessage(message: unknown): void };

const READY_WITHIN_MS = 15_000;
const KINDS: Readonly<Record<string, string>> = {
  'vscode-light': 'light',
  'vscode-dark': 'dark',
  'vscode-high-contrast': 'high-contrast',
  'vscode-high-contrast-light': 'high-contrast-light',
};
/** The colours that the page takes from VS Code, by its own names. */
const COLOURS = {
  page: '--vscode-editor-background',
  card: '--vscode-sideBar-background',
  ink: '--vscode-foreground',
  accent: '--vscode-textLink-foreground',
};

const vscode = acquireVsCodeApi();
const { state = '', page = '' } = document.body.dataset;
vscode.setState(JSON.parse(state));

const frame = document.querySelector('iframe');
const pageOrigin = page === '' ? '' : new URL(page).origin;
let timer: ReturnType<typeof setTimeout> | undefined;

function tellPage(message: unknown): void {
  if (pageOrigin !== '') frame?.contentWindow?.postMessage(message, pageOrigin);
}

function tellTheme(): void {
  const style = getComputedStyle(document.documentElement);
  const kind = KINDS[document.body.dataset.vscodeThemeKind ?? ''] ?? 'light';
  const found = Object.entries(COLOURS).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()] as const);
  tellPage({ type: 'theme', kind, colours: Object.fromEntries(found.filter(([, colour]) => colour !== '')) });
}

function showProblem(text: string): void {
  const problem = document.getElementById('problem');
  const message = document.getElementById('message');
  if (problem === null || message === null) return;
  message.textContent = text;
  problem.hidden = text === '';
}

function onPageMessage(message: { readonly type?: unknown; readonly isLive?: unknown }): void {
  if (message.type === 'connection') {
    showProblem(message.isLive === true ? '' : 'This page is not live any more: its server has ended.');
    return;
  }
  if (message.type === 'ready') {
    clearTimeout(timer);
    showProblem('');
    tellTheme();
  }
  vscode.postMessage(message);
}

window.addEventListener('message', ({ source, origin: from, data }: MessageEvent<object | null>) => {
  if (frame !== null && source === frame.contentWindow) {
    if (from === pageOrigin && data !== null) onPageMessage(data);
  } else if (from === window.origin) {
    tellPage(data); // from the extension
  }
});
document.getElementById('retry')?.addEventListener('click', () => {
  vscode.postMessage({ type: 'retry' });
});
new MutationObserver(tellTheme).observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-kind'] });

if (frame !== null) {
  timer = setTimeout(() => {
    showProblem('The page does not answer.');
  }, READY_WITHIN_MS);
  frame.src = `${page}#embedder=${encodeURIComponent(window.origin)}`;
}
