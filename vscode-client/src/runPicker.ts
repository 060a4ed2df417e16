// Quick picks of runs.
import * as vscode from 'vscode';
import { describeRun, shortId } from './runText';
import type { RunSummary } from './protocol';

interface RunItem extends vscode.QuickPickItem {
  readonly run?: RunSummary;
}

/** Picks a run to resume, newest first. Running ones are listed apart; picking one says why it cannot be resumed. */
export async function pickRun(runs: readonly RunSummary[]): Promise<RunSummary | undefined> {
  const now = new Date();
  const ended = runs.filter((run) => run.status !== 'running').map((run) => item(run, now));
  const running = runs.filter((run) => run.status === 'running').map((run) => item(run, now));
  const items = running.length === 0 ? ended : [...ended, separator('In progress'), ...running];
  const picked = await showRuns(items, 'Select a run to resume');
  if (picked?.status === 'running') {
    const text = `Run ${shortId(picked.runId)} is still in progress. Resume it after it ends.`;
    void vscode.window.showInformationMessage(text);
    return undefined;
  }
  return picked;
}

/** Picks one of several running runs. */
export function pickRunningRun(runs: readonly RunSummary[]): Promise<RunSummary | undefined> {
  const now = new Date();
  return showRuns(runs.map((run) => item(run, now)), 'Select a run to cancel');
}

/** What the text shows: the run with this id, always the newest one, or none. */
export interface ShownChoice {
  readonly shown: string | null;
}

/** Picks the run that the text shows. */
export async function pickShownRun(runs: readonly RunSummary[]): Promise<ShownChoice | undefined> {
  const now = new Date();
  const items: (vscode.QuickPickItem & ShownChoice)[] = [
    { label: '$(history) Newest run', description: 'and each new one from its start', shown: 'latest' },
    ...runs.map((run) => ({ ...describeRun(run, now), shown: run.runId })),
    { label: '$(eye-closed) No run', description: 'hide what runs say', shown: null },
  ];
  const options = { placeHolder: 'Select the run that the text shows', matchOnDescription: true, matchOnDetail: true };
  return vscode.window.showQuickPick(items, options);
}

async function showRuns(items: readonly RunItem[], placeHolder: string): Promise<RunSummary | undefined> {
  const options = { placeHolder, matchOnDescription: true, matchOnDetail: true };
  return (await vscode.window.showQuickPick(items, options))?.run;
}

function item(run: RunSummary, now: Date): RunItem {
  return { ...describeRun(run, now), run };
}

function separator(label: string): RunItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
