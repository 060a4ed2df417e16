// Which runs were started in this window: by the palette, a lens, or anything else that executes the server's commands.
import type { Memento } from 'vscode';
import type { StartedRun } from './protocol';

const KEY = 'startedRuns';
const REMEMBERED = 50;

/** Remembers them across a reload of the window, since the runs go on. */
export class StartedRuns {
  private readonly pending = new Set<Promise<unknown>>();

  constructor(private readonly memory: Memento) {}

  /** Notes the run that `start` will return; the answer, or the error, is the caller's as before. */
  async track(start: Thenable<StartedRun>): Promise<StartedRun> {
    const noted = this.note(start);
    this.pending.add(noted);
    try {
      return await noted;
    } finally {
      this.pending.delete(noted);
    }
  }

  /**
   * Whether this window started the run. The server reports a run's progress before it answers the command that
   * started it, so an unanswered start is waited for.
   */
  async has(runId: string): Promise<boolean> {
    await Promise.allSettled(this.pending);
    return this.memory.get<string[]>(KEY, []).includes(runId);
  }

  private async note(start: Thenable<StartedRun>): Promise<StartedRun> {
    const started = await start;
    const known = this.memory.get<string[]>(KEY, []);
    await this.memory.update(KEY, [...known, started.runId].slice(-REMEMBERED));
    return started;
  }
}
