import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunSummary } from '../src/protocol';
import { itemRow, nodeRow, runningText, runRow, sizeText } from '../src/runsView/treeText';

const NOW = new Date('2026-03-01T12:02:00Z');

const run = (more: Partial<RunSummary>): RunSummary => ({
  runId: '4f3a1b2c-1111-4222-8333-444455556666',
  status: 'success',
  startedAt: '2026-03-01T12:00:00.000Z',
  durationMs: 4200,
  counts: { cached: 1, completed: 6, failed: 0, skipped: 0, cancelled: 0 },
  total: 12,
  spent: { costUsd: 0.04, tokensIn: 10, tokensOut: 2 },
  name: 'weather',
  pinned: false,
  logUri: '',
  ...more,
});

describe('a run', () => {
  test('says its outcome, age, duration and cost, and its status without colour', () => {
    const row = runRow(run({ status: 'failure', failedAt: 'compare', pinned: true }), NOW);
    assert.equal(row.label, '4f3a1b2c');
    assert.equal(row.description, '✗ failed at compare · 2 min ago · 4.2 s · $0.04 · pinned');
    assert.equal(row.spoken, 'Run 4f3a1b2c: failed at compare · 2 min ago · 4.2 s · $0.04 · pinned');
  });

  test('says how far it is while it is running', () => {
    const row = runRow(run({ status: 'running', spent: { costUsd: 0, tokensIn: 0, tokensOut: 0 } }), NOW);
    assert.equal(row.description, '⟳ 7/12 · 2 min ago');
    assert.match(row.spoken, /: running, 7\/12/);
  });

  test('says that a cost is unknown', () => {
    assert.match(runRow(run({ spent: { tokensIn: 5, tokensOut: 1 } }), NOW).description, /· cost unknown$/);
  });
});

describe('a node', () => {
  test('that failed shows the first line of its message', () => {
    const row = nodeRow({ nodeId: 'compare', status: 'failed', error: { message: 'no file\nat line 3' } }, false);
    assert.equal(row.description, '✗ no file');
    assert.equal(row.tooltip, 'compare: failed\nno file\nat line 3');
  });

  test('that completed shows its figures, and a fan-out how far it is', () => {
    const spent = { costUsd: 0.004, tokensIn: 1, tokensOut: 1 };
    const row = nodeRow({ nodeId: 'review', status: 'completed', durationMs: 950, spent, items: { total: 50, ended: 50 } }, false);
    assert.equal(row.description, '✓ 50/50 · 950 ms · <$0.01');
  });

  test('that was running when its run died was interrupted', () => {
    assert.equal(nodeRow({ nodeId: 'a', status: 'running' }, false).description, '■ interrupted');
    assert.equal(nodeRow({ nodeId: 'a', status: 'running' }, true).description, '⟳ running');
    assert.equal(nodeRow({ nodeId: 'a', status: 'pending' }, false).description, '· not reached');
  });
});

test('an item says why it was skipped', () => {
  assert.equal(itemRow({ place: 'review[3]', status: 'skipped', reason: 'when is false' }, false).description, '○ skipped · when is false');
});

test('the status bar adds up what is running', () => {
  assert.equal(runningText([run({})]), '1 run · 7/12 · $0.04');
  assert.equal(runningText([run({}), run({ spent: { costUsd: 0, tokensIn: 0, tokensOut: 0 } })]), '2 runs · 14/24 · $0.04');
});

test('sizes have units', () => {
  assert.deepEqual([12, 1234, 5_600_000].map(sizeText), ['12 bytes', '1.2 kB', '5.6 MB']);
});
