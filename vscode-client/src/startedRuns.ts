// The runs started in this window: by the palette, a lens, or anything else that executes the server's commands.
import type { Memento } from 'vscode';
import type { StartedRun } from './protocol';

const KEY = 'startedRuns';
const MAX_REMEMBERED = 50;

/** Kept in the workspace state: runs outlive a reload of the window. */
export class StartedRuns {
  private readonly pending = new Set<Promise<unknown>>();

  constructor(private readonly memory: Memento) {}

  /** Records the run that `start` returns, and passes on its result or error. */
  async track(start: Thenable<StartedRun>): Promise<StartedRun> {
    const recorded = this.record(start);
    this.pending.add(recorded);
    try {
      return await recorded;
    } finally {
      this.pending.delete(recorded);
    }
  }

  /**
   * Returns whether this window started the run. Waits for pending starts: the server reports a run's progress before
   * it answers the command that started it.
   */
  async has(runId: string): Promise<boolean> {
    await Promise.allSettled(this.pending);
    return this.memory.get<string[]>(KEY, []).includes(runId);
  }

  private async record(start: Thenable<StartedRun>): Promise<StartedRun> {
    const started = await start;
    const known = this.memory.get<string[]>(KEY, []);
    await this.memory.update(KEY, [...known, started.runId].slice(-MAX_REMEMBERED));
    return started;
  }
}
