// Formats a log event as one line of the output channel "Experience runs".
import { countsText, durationText, firstLine, shortId } from './runText';
import type { RunEvent, Scope } from './protocol';

const NODE_WIDTH = 24;

/**
 * One line: local time, short run id, node with its scope, what happened, then duration and cost if known. Unknown
 * event types are shown by name.
 */
export function eventLine(event: RunEvent): string {
  const node = nodePath(event).padEnd(NODE_WIDTH);
  const parts = [eventLabel(event), ...details(event)].join(' · ');
  return `${localTime(event.ts)}  ${shortId(event.runId)}  ${node}  ${parts}`;
}

/** `review[2]`, `polish#3`, `parent › child[0]`: the node and where it ran; `run` for the run's own events. */
export function nodePath(event: RunEvent): string {
  if (event.nodeId === undefined) return 'run';
  const scopes = event.scope ?? [];
  const own = scopes.at(-1);
  const ownNode = own?.kind === 'fanout' && own.id === event.nodeId;
  const outer = (ownNode ? scopes.slice(0, -1) : scopes).map((scope) => scope.id + position(scope));
  return [...outer, event.nodeId + (ownNode ? position(own) : '')].join(' › ');
}

function position(scope: Scope): string {
  if (scope.item !== undefined) return `[${scope.item.index}]`;
  return scope.iteration === undefined ? '' : `#${scope.iteration}`;
}

function eventLabel(event: RunEvent): string {
  switch (event.type) {
    case 'run.started':
      return event.originalRunId ? `▶ resumed from ${shortId(event.originalRunId)}` : '▶ started';
    case 'run.finished':
      return `■ ${event.status ?? 'finished'}`;
    case 'node.started':
      return '▷ started';
    case 'node.attempt':
      return `↻ attempt ${event.attempt ?? '?'} failed`;
    case 'node.cached':
      return '↺ cached';
    case 'node.completed':
      return '✓ completed';
    case 'node.failed':
      return '✗ failed';
    case 'node.skipped':
      return '⊘ skipped';
    case 'node.cancelled':
      return '◌ cancelled';
    case 'node.warning':
    case 'run.warning':
      return '! warning';
    default:
      return event.type.slice(event.type.indexOf('.') + 1);
  }
}

function details(event: RunEvent): string[] {
  const all = [
    event.counts === undefined ? '' : countsText(event.counts),
    durationOf(event),
    costOf(event),
    tokensOf(event),
    firstLine(event.error?.message ?? event.message ?? event.activity ?? event.reason ?? ''),
    event.waitMs === undefined ? '' : `retrying in ${durationText(event.waitMs)}`,
  ];
  return all.filter((detail) => detail !== '');
}

// The duration of a restored node is what restoring it saved.
function durationOf(event: RunEvent): string {
  if (event.durationMs === undefined) return '';
  const text = durationText(event.durationMs);
  return event.type === 'node.cached' ? `saved ${text}` : text;
}

function costOf(event: RunEvent): string {
  const cost = event.metrics?.costUsd ?? event.spent?.costUsd;
  return typeof cost === 'number' && cost > 0 ? `$${cost.toFixed(4)}` : '';
}

function tokensOf(event: RunEvent): string {
  if (event.tokensIn === undefined || event.tokensOut === undefined) return '';
  return `${event.tokensIn} tokens in, ${event.tokensOut} out`;
}

function localTime(iso: string): string {
  const date = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  const millis = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`;
}
