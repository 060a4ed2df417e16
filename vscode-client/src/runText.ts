// Texts about a run, from its summary: outcome, counts, age, list entry, status bar.
import type { RunCounts, RunSummary } from './protocol';

/** The first eight characters of a run id, as lenses, logs and messages show it. */
export function shortId(runId: string): string {
  return runId.slice(0, 8);
}

/** `840 ms`, `2.1 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return joinUnits(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** `just now`, `2 min ago`, `3 h ago`, `5 days ago`; a time in the future reads as now. */
export function ageText(iso: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - Date.parse(iso)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

/** `4 cached, 3 completed`: only counts above zero; empty if no node has ended. */
export function countsText(counts: Partial<RunCounts>): string {
  const inOrder = ['cached', 'completed', 'failed', 'skipped', 'cancelled'] as const;
  return inOrder
    .map((name) => ({ name, count: counts[name] ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${count} ${name}`)
    .join(', ');
}

/** `failed at analyse`, `succeeded`, `was interrupted`: completes a sentence that begins with the run. */
export function outcomeText(run: RunSummary): string {
  switch (run.status) {
    case 'success':
      return run.failedItems
        ? `succeeded, ${run.failedItems.failed} of ${run.failedItems.total} items failed`
        : 'succeeded';
    case 'failure':
      return run.failedAt ? `failed at ${run.failedAt}` : 'failed';
    case 'cancelled':
      return 'was cancelled';
    case 'waiting':
      return 'is waiting';
    case 'running':
      return 'is running';
    case 'interrupted':
      return 'was interrupted';
  }
}

/**
 * The message at the end of a run: `Run 9a8b7c6d succeeded: 4 cached, 3 completed, 2.1 s` or
 * `Run 9a8b7c6d failed at analyse: data.csv is missing · 2 completed, 1 failed, 400 ms`. `error` is the message of the
 * failed node, if known; otherwise the reason in the log is shown.
 */
export function endText(run: RunSummary, error?: string): string {
  const duration = typeof run.durationMs === 'number' ? durationText(run.durationMs) : '';
  const facts = [countsText(run.counts), duration].filter((part) => part !== '').join(', ');
  // Whoever cancelled a run knows why.
  const reason = run.status === 'success' || run.status === 'cancelled' ? '' : firstLine(error ?? run.reason ?? '');
  const details = [reason, facts].filter((part) => part !== '').join(' · ');
  const sentence = `Run ${shortId(run.runId)} ${outcomeText(run)}`;
  return details === '' ? sentence : `${sentence}: ${details}`;
}

/** A question's first sentence, and the rest of it. */
export function questionParts(message: string): { readonly title: string; readonly detail: string } {
  const [, title = message, detail = ''] = /^(.+?[.?]) (.+)$/s.exec(message) ?? [];
  return { title, detail };
}

/** The first line of a text that may be pages long. */
export function firstLine(text: string): string {
  return text.trimStart().split(/\r?\n/, 1)[0]?.trimEnd() ?? '';
}

/** A run as a quick pick item: `4f3a1b2c · failed at analyse · 2 min ago`, and below it counts and duration. */
export interface RunDescription {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

/** Describes a run in a list; ages count back from `now`. */
export function describeRun(run: RunSummary, now: Date): RunDescription {
  const duration = typeof run.durationMs === 'number' ? durationText(run.durationMs) : '';
  const relation = run.kind ? `${run.kind} ${run.address ?? ''} of` : 'resumed from';
  const origin = run.originalRunId ? `${relation} ${shortId(run.originalRunId)}` : '';
  return {
    label: `$(${ICONS[run.status]}) ${shortId(run.runId)}`,
    description: `${outcomeText(run).replace(/^(was|is) /, '')} · ${ageText(run.startedAt, now)}`,
    detail: [countsText(run.counts), duration, origin].filter((part) => part !== '').join(' · '),
  };
}

const ICONS = {
  success: 'pass',
  failure: 'error',
  cancelled: 'circle-slash',
  waiting: 'watch',
  running: 'sync~spin',
  interrupted: 'debug-disconnect',
} as const satisfies Record<RunSummary['status'], string>;
