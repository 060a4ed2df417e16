// The message at the end of a run that was started in this window.
import * as vscode from 'vscode';
import type { Server } from './client';
import { endText } from './runText';
import { type EventParams, RESUME_RUN, type RunSummary } from './protocol';
import type { StartedRuns } from './startedRuns';

interface Seen {
  readonly uri: string;
  /** What the node that failed first said. */
  error?: string;
}

const OPEN_LOG = 'Open log';
const RESUME = 'Resume';

/** Notes from the events what the message needs, and shows it once the run has ended. */
export class RunEndNotifier {
  private readonly seen = new Map<string, Seen>();

  constructor(
    private readonly server: Server,
    private readonly starts: StartedRuns,
  ) {}

  note({ uri, runId, event }: EventParams): void {
    const seen = this.seen.get(runId) ?? { uri };
    this.seen.set(runId, seen);
    if (event.type === 'node.failed' && event.error !== undefined) seen.error ??= event.error.message;
  }

  /** Says what happened, with what can be done next; silent for runs that others started. */
  async announce(runId: string): Promise<void> {
    const seen = this.seen.get(runId);
    this.seen.delete(runId);
    if (seen === undefined || !(await this.starts.has(runId))) return;
    const run = (await this.server.runs(seen.uri)).find((summary) => summary.runId === runId);
    if (run !== undefined && run.status !== 'running') await this.show(run, seen);
  }

  private async show(run: RunSummary, { uri, error }: Seen): Promise<void> {
    const answer = await showByStatus(run, endText(run, run.status === 'failure' ? error : undefined));
    if (answer === OPEN_LOG) await vscode.window.showTextDocument(vscode.Uri.parse(run.logUri));
    if (answer === RESUME) await vscode.commands.executeCommand(RESUME_RUN, uri, run.runId, {});
  }
}

function showByStatus(run: RunSummary, text: string): Thenable<string | undefined> {
  switch (run.status) {
    case 'failure':
    case 'interrupted':
      return vscode.window.showErrorMessage(text, RESUME, OPEN_LOG);
    case 'cancelled':
    case 'waiting':
      return vscode.window.showWarningMessage(text, RESUME, OPEN_LOG);
    default:
      return vscode.window.showInformationMessage(text, OPEN_LOG);
  }
}
