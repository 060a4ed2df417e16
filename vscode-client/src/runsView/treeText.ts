// What the Runs view says of runs, nodes and items: icon, description, tooltip, and a label for screen readers.
import type { RunStatus, RunSummary, Spent } from '../protocol';
import { ageText, countsText, durationText, firstLine, outcomeText, shortId } from '../runText';
import type { NodeState, NodeStatus, RunItem } from './messages';

/** A row: `icon` and `color` are ids of VS Code; the sign in the description says the same without colour. */
export interface Row {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly spoken: string;
  readonly icon: string;
  readonly color?: string;
}

interface Look {
  readonly sign: string;
  readonly icon: string;
  readonly color?: string;
}

const RUN_LOOKS: Readonly<Record<RunStatus, Look>> = {
  success: { sign: '✓', icon: 'pass', color: 'testing.iconPassed' },
  failure: { sign: '✗', icon: 'error', color: 'testing.iconFailed' },
  cancelled: { sign: '■', icon: 'circle-slash', color: 'testing.iconSkipped' },
  waiting: { sign: '…', icon: 'watch', color: 'testing.iconQueued' },
  running: { sign: '⟳', icon: 'sync~spin', color: 'charts.blue' },
  interrupted: { sign: '!', icon: 'debug-disconnect', color: 'testing.iconErrored' },
};

const NODE_LOOKS: Readonly<Record<NodeStatus, Look>> = {
  pending: { sign: '·', icon: 'circle-outline' },
  running: { sign: '⟳', icon: 'sync~spin', color: 'charts.blue' },
  completed: { sign: '✓', icon: 'pass', color: 'testing.iconPassed' },
  cached: { sign: '↺', icon: 'history', color: 'testing.iconPassed' },
  failed: { sign: '✗', icon: 'error', color: 'testing.iconFailed' },
  skipped: { sign: '○', icon: 'debug-step-over', color: 'testing.iconSkipped' },
  cancelled: { sign: '■', icon: 'circle-slash', color: 'testing.iconSkipped' },
};

/** The statuses in the order of a filter's choices. */
export const RUN_STATUSES = Object.keys(RUN_LOOKS) as readonly RunStatus[];

/** `4f3a1b2c`, `✗ failed at compare · 2 min ago · 4.2 s · $0.04 · pinned`; ages count back from `now`. */
export function runRow(run: RunSummary, now: Date): Row {
  const look = RUN_LOOKS[run.status];
  const outcome = run.status === 'running' ? progressText([run]) : outcomeText(run).replace(/^(was|is) /, '');
  const facts = [
    outcome,
    run.kind ? `only ${run.address ?? 'a node'}` : '',
    ageText(run.startedAt, now),
    run.status !== 'running' && typeof run.durationMs === 'number' ? durationText(run.durationMs) : '',
    costText(run.spent),
    run.pinned ? 'pinned' : '',
  ];
  const origin = run.originalRunId ? `${run.kind ? 'Of' : 'Resumes'} run ${shortId(run.originalRunId)}` : '';
  const tooltip = [
    `Run ${run.runId}`,
    firstLine(run.reason ?? ''),
    countsText(run.counts),
    tokensText(run.spent),
    origin,
    new Date(run.startedAt).toLocaleString(),
  ];
  const said = joined(facts);
  return {
    label: shortId(run.runId),
    description: `${look.sign} ${said}`,
    tooltip: tooltip.filter((line) => line !== '').join('\n'),
    spoken: `Run ${shortId(run.runId)}: ${run.status === 'running' ? 'running, ' : ''}${said}`,
    ...iconOf(look),
  };
}

/** `review`, `✓ 4.2 s · $0.01`; of a fan-out with `37/50`, of a failed node with the first line of its message. */
export function nodeRow(node: NodeState, isRunning: boolean): Row {
  const { status, word } = shownStatus(node.status, isRunning);
  const message = node.error?.message ?? node.reason ?? '';
  const items = node.items ? `${node.items.ended}/${node.items.total}` : '';
  return partRow(node.nodeId, status, word, [items, ...figures(node.durationMs, node.spent?.costUsd)], message);
}

/** `review[3]`, as a node. */
export function itemRow(item: RunItem, isRunning: boolean): Row {
  const { status, word } = shownStatus(item.status, isRunning);
  return partRow(item.place, status, word, figures(item.durationMs, item.costUsd), item.error ?? item.reason ?? '');
}

/** What is running, for the status bar: `2 runs · 7/12 · $0.04`. */
export function runningText(runs: readonly RunSummary[]): string {
  const number = runs.length === 1 ? '1 run' : `${runs.length} runs`;
  return joined([number, progressText(runs), costText(sumOf(runs.map((run) => run.spent)))]);
}

/** `1.2 MB`. */
export function sizeText(bytes: number): string {
  for (const [size, unit] of [[1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB']] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** Empty for nothing; `$0.04` or `<$0.01`, and `cost unknown` where a price is. */
export function costText(spent: Spent): string {
  if (spent.costUsd === undefined || spent.costUsd === null) return 'cost unknown';
  return moneyText(spent.costUsd);
}

function moneyText(usd: number | null | undefined): string {
  if (!usd) return '';
  return usd < 0.01 ? '<$0.01' : `$${usd.toFixed(2)}`;
}

function progressText(runs: readonly RunSummary[]): string {
  const ended = runs.flatMap(({ counts }) => Object.values(counts) as number[]).reduce((sum, count) => sum + count, 0);
  const total = runs.reduce((sum, run) => sum + (run.total ?? 0), 0);
  return `${ended}/${total}`;
}

function sumOf(all: readonly Spent[]): Spent {
  return all.reduce((sum, spent) => ({
    costUsd: plus(sum.costUsd, spent.costUsd),
    tokensIn: sum.tokensIn + spent.tokensIn,
    tokensOut: sum.tokensOut + spent.tokensOut,
  }));
}

/** Null as soon as one of them is unknown. */
function plus(a: Spent['costUsd'], b: Spent['costUsd']): number | null {
  return typeof a === 'number' && typeof b === 'number' ? a + b : null;
}

function tokensText({ tokensIn, tokensOut }: Spent): string {
  return tokensIn + tokensOut === 0 ? '' : `${tokensIn} tokens in, ${tokensOut} out`;
}

// In a run that has ended, nothing is running: whatever had not ended was interrupted.
function shownStatus(status: NodeStatus, isRunning: boolean): { status: NodeStatus; word: string } {
  if (isRunning || (status !== 'running' && status !== 'pending')) return { status, word: WORDS[status] };
  return status === 'running' ? { status: 'cancelled', word: 'interrupted' } : { status, word: 'not reached' };
}

const WORDS: Readonly<Record<NodeStatus, string>> = {
  pending: 'waiting',
  running: 'running',
  completed: 'completed',
  cached: 'restored',
  failed: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

function partRow(label: string, status: NodeStatus, word: string, facts: readonly string[], message: string): Row {
  const look = NODE_LOOKS[status];
  // A completed node is plain from its sign and figures, a failed one from its message; the others say their status.
  const isPlain = status === 'completed' || (status === 'failed' && message !== '');
  const shown = [isPlain ? '' : word, firstLine(message), ...facts];
  return {
    label,
    description: `${look.sign} ${joined(shown)}`.trim(),
    tooltip: [`${label}: ${word}`, ...facts, message].filter((line) => line !== '').join('\n'),
    spoken: joined([`${label}: ${word}`, ...facts, firstLine(message)]),
    ...iconOf(look),
  };
}

function figures(durationMs: number | null | undefined, costUsd: number | null | undefined): string[] {
  return [typeof durationMs === 'number' ? durationText(durationMs) : '', moneyText(costUsd)];
}

function iconOf({ icon, color }: Look): { icon: string; color?: string } {
  return color === undefined ? { icon } : { icon, color };
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
