// The status bar item: what is running, and what it has cost so far.
import * as vscode from 'vscode';
import { CANCEL_RUN, type RunSummary } from './protocol';
import type { RunPages } from './runPanel/runPages';
import { runRow, runningText } from './runsView/treeText';
import type { RunsModel } from './runsView/runsModel';

interface Running {
  readonly uri: string;
  readonly run: RunSummary;
}

/** Shows while something runs. A click opens the run's page, or lists the runs if there are several. */
export class RunStatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('oe.runs', vscode.StatusBarAlignment.Left);
  private readonly subscriptions: readonly vscode.Disposable[];

  constructor(
    private readonly model: RunsModel,
    private readonly pages: RunPages,
  ) {
    this.item.name = 'Experience runs';
    this.item.command = 'oe.showRunning';
    this.subscriptions = [
      model.onDidChangeRunning(() => {
        this.show();
      }),
      vscode.commands.registerCommand('oe.showRunning', () => this.showRunning()),
    ];
  }

  dispose(): void {
    for (const each of [this.item, ...this.subscriptions]) each.dispose();
  }

  private show(): void {
    const running = this.model.allRunning();
    if (running.length === 0) {
      this.item.hide();
      return;
    }
    const text = runningText(running.map(({ run }) => run));
    this.item.text = `$(sync~spin) ${text}`;
    this.item.accessibilityInformation = { label: `Experience runs: ${text}` };
    this.item.tooltip = running.map(({ run }) => `${run.name}: ${runRow(run, new Date()).spoken}`).join('\n');
    this.item.show();
  }

  private async showRunning(): Promise<void> {
    const running = this.model.allRunning();
    const picked = running.length === 1 ? running[0] : await pick(running);
    if (picked !== undefined) await this.pages.openRun(picked.uri, picked.run.runId);
  }
}

/** Picks a run to open; its button cancels it. */
function pick(running: readonly Running[]): Promise<Running | undefined> {
  const now = new Date();
  const cancel = { iconPath: new vscode.ThemeIcon('debug-stop'), tooltip: 'Cancel run' };
  const box = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly running: Running }>();
  box.placeholder = running.length === 0 ? 'Nothing is running' : 'Select a run to open its page';
  box.items = running.map((each) => {
    const { label, description } = runRow(each.run, now);
    return { label: `$(sync~spin) ${each.run.name}`, description: `${label} · ${description}`, buttons: [cancel], running: each };
  });
  return new Promise((resolve) => {
    box.onDidTriggerItemButton(({ item }) => {
      void vscode.commands.executeCommand(CANCEL_RUN, item.running.uri, item.running.run.runId);
      box.hide();
    });
    box.onDidAccept(() => {
      resolve(box.selectedItems[0]?.running);
      box.hide();
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}
