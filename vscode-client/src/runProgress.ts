// Progress of runs: a notification for those started in this window.
import * as vscode from 'vscode';
import type { Middleware, WorkDoneProgressBegin, WorkDoneProgressReport } from 'vscode-languageclient/node';
import { runOfToken } from './protocol';
import { ProgressNotification } from './progressNotification';
import type { StartedRuns } from './startedRuns';

/** Callbacks of RunProgress. */
export interface ProgressListener {
  onCancel(runId: string): void;
  onEnded(runId: string): void;
}

interface ShownRun {
  readonly title: string;
  message: string;
  percentage: number;
  notification?: ProgressNotification;
}

/** Replaces the client library's own progress, which has no Cancel button. */
export class RunProgress implements vscode.Disposable {
  private readonly shown = new Map<string, ShownRun>();

  constructor(
    private readonly starts: StartedRuns,
    private readonly listener: ProgressListener,
  ) {}

  readonly handle: NonNullable<Middleware['handleWorkDoneProgress']> = (token, params, next) => {
    const runId = runOfToken(token);
    if (runId === undefined) {
      next(token, params);
      return;
    }
    switch (params.kind) {
      case 'begin':
        this.begin(runId, params);
        break;
      case 'report':
        this.report(runId, params);
        break;
      case 'end':
        // The library showed nothing for this run, but holds its token.
        next(token, params);
        this.remove(runId);
        this.listener.onEnded(runId);
        break;
    }
  };

  /** Removes all progress, for a server that stopped reporting. */
  clear(): void {
    for (const runId of [...this.shown.keys()]) this.remove(runId);
  }

  dispose(): void {
    this.clear();
  }

  private begin(runId: string, begin: WorkDoneProgressBegin): void {
    this.remove(runId);
    const run: ShownRun = { title: begin.title, message: begin.message ?? '', percentage: begin.percentage ?? 0 };
    this.shown.set(runId, run);
    void this.notifyIfStartedHere(runId, run);
  }

  private async notifyIfStartedHere(runId: string, run: ShownRun): Promise<void> {
    const startedHere = await this.starts.has(runId);
    if (!startedHere || this.shown.get(runId) !== run) return;
    run.notification = new ProgressNotification(run.title, () => {
      this.listener.onCancel(runId);
    });
    run.notification.report(run.message, run.percentage);
  }

  private report(runId: string, report: WorkDoneProgressReport): void {
    const run = this.shown.get(runId);
    if (run === undefined) return;
    run.message = report.message ?? run.message;
    run.percentage = report.percentage ?? run.percentage;
    run.notification?.report(run.message, run.percentage);
  }

  private remove(runId: string): void {
    this.shown.get(runId)?.notification?.close();
    this.shown.delete(runId);
  }
}
