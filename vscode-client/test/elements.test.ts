import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExperienceElement, keyOf, type NodeElement, runContext, type RunElement } from '../src/runsView/elements';
import type { RunSummary } from '../src/protocol';

const run = (more: Partial<RunSummary>): RunSummary => ({
  runId: 'r1',
  status: 'running',
  startedAt: '',
  counts: { cached: 0, completed: 0, failed: 0, skipped: 0, cancelled: 0 },
  spent: { tokensIn: 0, tokensOut: 0 },
  name: 'weather',
  pinned: false,
  logUri: '',
  ...more,
});

test('a row keeps its key whatever becomes of its run', () => {
  const parent: ExperienceElement = { kind: 'experience', uri: 'file:///x' };
  const keys = [run({}), run({ status: 'failure', pinned: true })].map((each) => {
    const row: RunElement = { kind: 'run', parent, uri: parent.uri, run: each };
    const node: NodeElement = { kind: 'node', parent: row, node: { nodeId: 'a', status: 'failed' } };
    return [row, node, { kind: 'more', parent: node } as const].map(keyOf);
  });
  assert.deepEqual(keys[0], keys[1]);
  assert.deepEqual(keys[0], ['file:///x#r1', 'file:///x#r1/a', 'file:///x#r1/a+']);
});

test('menus know what can be done with a run', () => {
  assert.equal(runContext(run({})), 'run running unpinned');
  assert.equal(runContext(run({ status: 'failure', originalRunId: 'r0', pinned: true })), 'run ended pinned hasOriginal resumable');
  assert.equal(runContext(run({ status: 'success', originalRunId: 'r0', kind: 'isolated' })), 'run ended unpinned hasOriginal');
});
