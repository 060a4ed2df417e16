import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventLine, nodePath } from '../src/eventLine';
import type { RunEvent } from '../src/protocol';

const BASE = { ts: '2026-05-28T09:15:02.117Z', runId: '9a8b7c6d-1e2f-4a3b-8c4d-5e6f7a8b9c0d' };

/** The part of the line after time, run and node. */
function labelAndDetails(event: Partial<RunEvent> & { type: string }): string {
  return eventLine({ ...BASE, ...event }).slice('09:15:02.117  9a8b7c6d  '.length + 24 + 2);
}

test('a line starts with time, short run id and node, in columns', () => {
  const line = eventLine({ ...BASE, type: 'node.started', nodeId: 'fetch' });
  assert.match(line, /^\d\d:15:02\.117 {2}9a8b7c6d {2}fetch {21}▷ started$/);
});

describe('label and details of an event', () => {
  const table: [Partial<RunEvent> & { type: string }, string][] = [
    [{ type: 'run.started', originalRunId: null }, '▶ started'],
    [{ type: 'run.started', originalRunId: '4f3a1b2c-0d9e' }, '▶ resumed from 4f3a1b2c'],
    [{ type: 'node.cached', nodeId: 'a', durationMs: 412.5 }, '↺ cached · saved 413 ms'],
    [
      { type: 'node.completed', nodeId: 'a', durationMs: 1200, metrics: { costUsd: 0.0063 } },
      '✓ completed · 1.2 s · $0.0063',
    ],
    [{ type: 'node.failed', nodeId: 'a', error: { message: 'no such file\n  at line 3' } }, '✗ failed · no such file'],
    [
      { type: 'node.attempt', nodeId: 'a', attempt: 1, error: { message: '429' }, waitMs: 1500 },
      '↻ attempt 1 failed · 429 · retrying in 1.5 s',
    ],
    [{ type: 'node.skipped', nodeId: 'a', reason: 'convert failed' }, '⊘ skipped · convert failed'],
    [{ type: 'node.activity', nodeId: 'a', activity: 'calling the model' }, 'activity · calling the model'],
    [{ type: 'node.tokens', nodeId: 'a', tokensIn: 12, tokensOut: 3 }, 'tokens · 12 tokens in, 3 out'],
    [{ type: 'run.warning', message: 'line 14 is corrupt' }, '! warning · line 14 is corrupt'],
    [
      { type: 'run.finished', status: 'success', counts: { cached: 3, completed: 1 }, durationMs: 90 },
      '■ success · 3 cached, 1 completed · 90 ms',
    ],
    [{ type: 'node.paused', nodeId: 'a' }, 'paused'],
  ];
  for (const [event, text] of table) {
    test(text, () => {
      assert.equal(labelAndDetails(event), text);
    });
  }
});

describe('a node with its scope', () => {
  const item = { index: 2, key: '5d41402abc4b2a76#0' };
  const table: [Pick<RunEvent, 'nodeId' | 'scope'>, string][] = [
    [{}, 'run'],
    [{ nodeId: 'review' }, 'review'],
    [{ nodeId: 'review', scope: [{ kind: 'fanout', id: 'review', item }] }, 'review[2]'],
    [{ nodeId: 'draft', scope: [{ kind: 'loop', id: 'polish', iteration: 3 }] }, 'polish#3 › draft'],
    [{ nodeId: 'read', scope: [{ kind: 'pipeline', id: 'pages', item }] }, 'pages[2] › read'],
    [
      {
        nodeId: 'score',
        scope: [
          { kind: 'experience', id: 'child' },
          { kind: 'fanout', id: 'score', item },
        ],
      },
      'child › score[2]',
    ],
  ];
  for (const [where, text] of table) {
    test(text, () => {
      assert.equal(nodePath({ ...BASE, type: 'node.started', ...where }), text);
    });
  }
});
