// One panel: loads the served page into a frame, and carries out what its buttons ask for.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Server } from '../client';
import { CANCEL_RUN, COMPARE_RUNS, OPEN_RUN_PAGE, RESUME_RUN, type StartedRun } from '../protocol';
import { shortId } from '../runText';
import { revealNode } from '../runsView/revealNode';
import { openNodeDiff } from './nodeDiff';
import { type PageMessage, readPageMessage } from './messages';
import { panelHtml, type Shown } from './panelHtml';

/** Owns the contents of a webview panel. */
export class RunPanel {
  private selected: string | undefined;

  constructor(
    private readonly server: Server,
    private readonly extension: vscode.Uri,
    private readonly panel: vscode.WebviewPanel,
    private shown: Shown,
  ) {
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extension, 'out')] };
    panel.iconPath = {
      light: vscode.Uri.joinPath(extension, 'icons/experience-light.svg'),
      dark: vscode.Uri.joinPath(extension, 'icons/experience-dark.svg'),
    };
    webview.onDidReceiveMessage((given: unknown) => {
      const message = readPageMessage(given);
      if (message !== undefined) void this.handle(message);
    });
  }

  reveal(): void {
    this.panel.reveal(undefined, true);
  }

  /** Selects a node on the page. */
  select(nodeId: string): void {
    this.selected = nodeId;
    void this.panel.webview.postMessage({ type: 'select', nodeId });
  }

  /** Loads a page, or says why it cannot be shown. */
  async load(shown = this.shown): Promise<void> {
    this.shown = shown;
    this.panel.title = titleOf(shown);
    try {
      this.render({ page: await this.address() });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.render({ message: `The page cannot be shown. ${why}` });
    }
  }

  /** As `load`, if the server answers already. */
  async loadIfServed(): Promise<void> {
    if (this.server.isRunning) await this.load();
    else this.render({ message: 'Waiting for the oe language server.' });
  }

  private render(parts: { readonly page: string } | { readonly message: string }): void {
    const { webview } = this.panel;
    const script = webview.asWebviewUri(vscode.Uri.joinPath(this.extension, 'out/panel.js')).toString();
    const nonce = randomBytes(16).toString('hex');
    webview.html = panelHtml({ shown: this.shown, ...parts, nonce, script });
  }

  /** Where this window reaches the page: on a remote machine, through a tunnel or proxy. */
  private async address(): Promise<string> {
    const { shown } = this;
    const [command, ...given] =
      shown.kind === 'run' ? [OPEN_RUN_PAGE, shown.runId] : [COMPARE_RUNS, shown.left, shown.right];
    const { url } = await this.server.execute<{ readonly url: string }>(command, [shown.uri, ...given]);
    const page = new URL(url);
    // A proxy keeps a path of its own in front, and some drop the rest of the path that they are given.
    const outside = (await vscode.env.asExternalUri(vscode.Uri.parse(page.origin))).toString(true);
    return outside.replace(/\/$/, '') + page.pathname + page.search;
  }

  private async handle(message: PageMessage): Promise<void> {
    const { uri } = this.shown;
    switch (message.type) {
      case 'ready':
        if (this.selected !== undefined) this.select(this.selected);
        break;
      case 'retry':
        await this.load();
        break;
      case 'selected':
        if (message.nodeId !== null && message.nodeId !== this.selected) {
          this.selected = message.nodeId;
          await revealNode(uri, message.nodeId);
        }
        break;
      case 'resume': {
        const args = [uri, message.runId, message.options];
        const started = await vscode.commands.executeCommand<StartedRun | undefined>(RESUME_RUN, ...args);
        if (started !== undefined) await this.load({ kind: 'run', uri, runId: 'latest' });
        break;
      }
      case 'cancel':
        await vscode.commands.executeCommand(CANCEL_RUN, uri, message.runId);
        break;
      case 'diff':
        if (this.shown.kind === 'compare') await openNodeDiff(this.shown, message.address);
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        vscode.window.setStatusBarMessage('$(check) Command copied', 3000);
        break;
    }
  }
}

function titleOf(shown: Shown): string {
  if (shown.kind === 'compare') return `Compare ${shortId(shown.left)} ↔ ${shortId(shown.right)}`;
  return shown.runId === 'latest' ? 'Newest run' : `Run ${shortId(shown.runId)}`;
}
