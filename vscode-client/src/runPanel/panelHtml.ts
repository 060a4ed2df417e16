// The document of the run panel: a frame for the served page, and a place for what went wrong.

/** What the panel shows: a run (`latest` follows the newest), or two runs side by side. Kept by VS Code over a reload. */
export type Shown =
  | { readonly kind: 'run'; readonly uri: string; readonly runId: string }
  | { readonly kind: 'compare'; readonly uri: string; readonly left: string; readonly right: string };

/** Whether VS Code gave back what an earlier version kept, or something else. */
export function isShown(state: unknown): state is Shown {
  if (typeof state !== 'object' || state === null) return false;
  const { kind, uri, runId, left, right } = state as Record<string, unknown>;
  const isText = (...values: unknown[]): boolean => values.every((value) => typeof value === 'string');
  return isText(uri) && ((kind === 'run' && isText(runId)) || (kind === 'compare' && isText(left, right)));
}

export interface PanelParts {
  readonly shown: Shown;
  /** The address of the page; absent with a `message`. */
  readonly page?: string;
  readonly message?: string;
  readonly nonce: string;
  readonly script: string;
}

/** The document. Only our script and style run in it, and only the page's origin can be framed. */
export function panelHtml({ shown, page, message, nonce, script }: PanelParts): string {
  const origin = page === undefined ? '' : new URL(page).origin;
  const policy = [
    "default-src 'none'",
    `frame-src ${origin === '' ? "'none'" : origin}`,
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
  ].join('; ');
  const hidden = message === undefined ? ' hidden' : '';
  const frame = page === undefined ? '' : '<iframe id="page" title="Page of the run" allow="clipboard-write"></iframe>';
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<title>Run</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body data-state="${escaped(JSON.stringify(shown))}" data-page="${escaped(page ?? '')}">
<div id="problem" role="alert"${hidden}><p id="message">${escaped(message ?? '')}</p><button id="retry">Retry</button></div>
${frame}
<script nonce="${nonce}" src="${escaped(script)}"></script>
</body>
</html>`;
}

const STYLE = `
html, body { height: 100%; margin: 0; padding: 0; }
body { display: flex; flex-direction: column; color: var(--vscode-foreground); background: var(--vscode-editor-background); }
iframe { flex: 1; width: 100%; border: 0; }
#problem { padding: 1em; } #problem[hidden] { display: none; }
button { font: inherit; padding: 0.3em 1em; border: 1px solid var(--vscode-button-border, transparent);
  color: var(--vscode-button-foreground); background: var(--vscode-button-background); cursor: pointer; }
button:focus-visible { outline: 2px solid var(--vscode-focusBorder); outline-offset: 2px; }
`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
