// The panels that show pages of runs beside the text: one for each experience.
import * as vscode from 'vscode';
import type { Server } from '../client';
import { nodeAt } from '../runsView/revealNode';
import { isShown, type Shown } from './panelHtml';
import { RunPanel } from './runPanel';

const TYPE = 'oe.runPage';
const SETTLED_MS = 150;

/** Opens panels, restores them after a reload, and tells them which node the cursor is on. */
export class RunPages implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly panels = new Map<string, RunPanel>();
  private cursorTimer: NodeJS.Timeout | undefined;
  private readonly subscriptions = [
    vscode.window.registerWebviewPanelSerializer(TYPE, this),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      this.cursorMoved(textEditor);
    }),
  ];

  constructor(
    private readonly server: Server,
    private readonly extension: vscode.Uri,
  ) {}

  /** Shows the page of a run, or of the newest one for `latest`. */
  openRun(uri: string, runId: string): Promise<void> {
    return this.show({ kind: 'run', uri, runId });
  }

  /** Shows two runs of an experience side by side. */
  compare(uri: string, left: string, right: string): Promise<void> {
    return this.show({ kind: 'compare', uri, left, right });
  }

  /** Loads all pages again: those of a server that ended are gone. */
  serverStarted(): void {
    for (const panel of this.panels.values()) void panel.load();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    if (!isShown(state)) {
      panel.dispose();
      return;
    }
    // The server may still be starting; serverStarted() loads the page then.
    await this.adopt(panel, state).loadIfServed();
  }

  dispose(): void {
    clearTimeout(this.cursorTimer);
    for (const each of this.subscriptions) each.dispose();
  }

  private async show(shown: Shown): Promise<void> {
    const known = this.panels.get(shown.uri);
    if (known !== undefined) {
      known.reveal();
      await known.load(shown);
      return;
    }
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    // What is typed into the page, such as a search, and where it is scrolled to stay while another tab is in front.
    const panel = vscode.window.createWebviewPanel(TYPE, 'Run', column, { retainContextWhenHidden: true });
    await this.adopt(panel, shown).load();
  }

  private adopt(panel: vscode.WebviewPanel, shown: Shown): RunPanel {
    const made = new RunPanel(this.server, this.extension, panel, shown);
    this.panels.set(shown.uri, made);
    panel.onDidDispose(() => this.panels.delete(shown.uri));
    return made;
  }

  private cursorMoved({ document, selection }: vscode.TextEditor): void {
    const panel = this.panels.get(document.uri.toString());
    if (panel === undefined) return;
    clearTimeout(this.cursorTimer);
    this.cursorTimer = setTimeout(() => {
      void nodeAt(document, selection.active).then((nodeId) => {
        if (nodeId !== undefined) panel.select(nodeId);
      });
    }, SETTLED_MS);
  }
}
