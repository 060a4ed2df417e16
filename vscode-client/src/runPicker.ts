// The lists in which a person picks a run.
import * as vscode from 'vscode';
import { describeRun, shortId } from './runText';
import type { RunSummary } from './protocol';

interface RunItem extends vscode.QuickPickItem {
  readonly run?: RunSummary;
}

/** A run to resume, newest first; the running ones are listed apart, and picking one says why it cannot be. */
export async function pickRun(runs: readonly RunSummary[]): Promise<RunSummary | undefined> {
  const now = new Date();
  const ended = runs.filter((run) => run.status !== 'running').map((run) => item(run, now));
  const running = runs.filter((run) => run.status === 'running').map((run) => item(run, now));
  const items = running.length === 0 ? ended : [...ended, heading('Under way, cannot be resumed yet'), ...running];
  const picked = await showRuns(items, 'Which run is to be taken up again?');
  if (picked?.status === 'running') {
    const text = `Run ${shortId(picked.runId)} is still under way; it can be resumed once it has ended.`;
    void vscode.window.showInformationMessage(text);
    return undefined;
  }
  return picked;
}

/** One of several runs that are under way. */
export function pickRunningRun(runs: readonly RunSummary[]): Promise<RunSummary | undefined> {
  const now = new Date();
  return showRuns(runs.map((run) => item(run, now)), 'Which run is to be cancelled?');
}

async function showRuns(items: readonly RunItem[], placeHolder: string): Promise<RunSummary | undefined> {
  const options = { placeHolder, matchOnDescription: true, matchOnDetail: true };
  return (await vscode.window.showQuickPick(items, options))?.run;
}

function item(run: RunSummary, now: Date): RunItem {
  return { ...describeRun(run, now), run };
}

function heading(label: string): RunItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
