// The notification at the end of a run that was started in this window.
import * as vscode from 'vscode';
import type { Server } from './client';
import { endText } from './runText';
import { type EventParams, RESUME_RUN, SHOW_FAILURE, type RunSummary } from './protocol';
import type { StartedRuns } from './startedRuns';

interface Followed {
  readonly uri: string;
  /** Error message of the node that failed first. */
  error?: string;
}

const OPEN_LOG = 'Open log';
const RESUME = 'Resume';
const SHOW = 'Show failure';

/** Collects what the notification needs from the events, and shows it once the run has ended. */
export class RunEndNotifier {
  private readonly followed = new Map<string, Followed>();

  constructor(
    private readonly server: Server,
    private readonly starts: StartedRuns,
  ) {}

  onEvent({ uri, runId, event }: EventParams): void {
    const run = this.followed.get(runId) ?? { uri };
    this.followed.set(runId, run);
    if (event.type === 'node.failed' && event.error !== undefined) run.error ??= event.error.message;
  }

  /** Shows the outcome with buttons for what to do next; nothing for runs started elsewhere. */
  async onEnded(runId: string): Promise<void> {
    const followed = this.followed.get(runId);
    this.followed.delete(runId);
    if (followed === undefined || !(await this.starts.has(runId))) return;
    const run = (await this.server.runs(followed.uri)).find((summary) => summary.runId === runId);
    if (run !== undefined && run.status !== 'running') await this.show(run, followed);
  }

  private async show(run: RunSummary, { uri, error }: Followed): Promise<void> {
    const answer = await showByStatus(run, endText(run, run.status === 'failure' ? error : undefined));
    if (answer === OPEN_LOG) await vscode.window.showTextDocument(vscode.Uri.parse(run.logUri));
    if (answer === RESUME) await vscode.commands.executeCommand(RESUME_RUN, uri, run.runId, {});
    if (answer === SHOW) await vscode.commands.executeCommand(SHOW_FAILURE, uri, run.runId);
  }
}

function showByStatus(run: RunSummary, text: string): Thenable<string | undefined> {
  const show = run.failedAt ? [SHOW] : [];
  switch (run.status) {
    case 'failure':
    case 'interrupted':
      return vscode.window.showErrorMessage(text, RESUME, ...show, OPEN_LOG);
    case 'cancelled':
    case 'waiting':
      return vscode.window.showWarningMessage(text, RESUME, OPEN_LOG);
    default:
      return vscode.window.showInformationMessage(text, OPEN_LOG);
  }
}
