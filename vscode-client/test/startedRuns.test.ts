import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Memento } from 'vscode';
import { StartedRuns } from '../src/startedRuns';

function memory(): Memento {
  const values = new Map<string, unknown>();
  return {
    keys: () => [...values.keys()],
    get: <T>(key: string, fallback?: T) => (values.get(key) ?? fallback) as T,
    update: (key: string, value: unknown) => {
      values.set(key, value);
      return Promise.resolve();
    },
  };
}

test('a run that a command returned was started here', async () => {
  const starts = new StartedRuns(memory());

  await starts.track(Promise.resolve({ runId: 'one' }));

  assert.equal(await starts.has('one'), true);
  assert.equal(await starts.has('two'), false);
});

test('a run that is reported before its command returns was started here', async () => {
  const starts = new StartedRuns(memory());
  let answer: (run: { runId: string }) => void = () => undefined;
  void starts.track(new Promise((resolve) => (answer = resolve)));

  const asked = starts.has('one');
  answer({ runId: 'one' });

  assert.equal(await asked, true);
});

test('a failed start rejects, and delays no later question', async () => {
  const starts = new StartedRuns(memory());

  await assert.rejects(starts.track(Promise.reject(new Error('not trusted'))), /not trusted/);

  assert.equal(await starts.has('one'), false);
});

test('runs started before a reload are still known', async () => {
  const kept = memory();
  await new StartedRuns(kept).track(Promise.resolve({ runId: 'one' }));

  assert.equal(await new StartedRuns(kept).has('one'), true);
});
