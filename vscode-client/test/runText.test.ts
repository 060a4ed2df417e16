import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ageText, countsText, describeRun, durationText, endText, questionParts } from '../src/runText';
import type { RunSummary } from '../src/protocol';

const RUN: RunSummary = {
  runId: '9a8b7c6d-1e2f-4a3b-8c4d-5e6f7a8b9c0d',
  status: 'success',
  startedAt: '2026-05-28T09:15:00.000Z',
  durationMs: 2100,
  counts: { cached: 4, completed: 3, failed: 0, skipped: 0, cancelled: 0 },
  spent: { costUsd: 0, tokensIn: 0, tokensOut: 0 },
  name: 'weather',
  pinned: false,
  originalRunId: null,
  logUri: 'file:///w/.openexpertise/runs/9a8b7c6d.jsonl',
};
const FAILED: RunSummary = {
  ...RUN,
  status: 'failure',
  failedAt: 'analyse',
  durationMs: 400,
  counts: { cached: 0, completed: 2, failed: 1, skipped: 1, cancelled: 0 },
};

describe('durations use at most two units', () => {
  const table: [number, string][] = [
    [0, '0 ms'],
    [839.6, '840 ms'],
    [2100, '2.1 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min'],
    [200_000, '3 min 20 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
  ];
  for (const [ms, text] of table) {
    test(`${ms} ms is ${text}`, () => {
      assert.equal(durationText(ms), text);
    });
  }
});

describe('ages', () => {
  const table: [string, string][] = [
    ['2026-05-28T12:00:30Z', 'just now'],
    ['2026-05-28T11:59:31Z', 'just now'],
    ['2026-05-28T11:58:00Z', '2 min ago'],
    ['2026-05-28T09:00:00Z', '3 h ago'],
    ['2026-05-27T11:00:00Z', 'yesterday'],
    ['2026-05-20T11:00:00Z', '8 days ago'],
  ];
  for (const [iso, text] of table) {
    test(`at noon, ${iso} is ${text}`, () => {
      assert.equal(ageText(iso, new Date('2026-05-28T12:00:00Z')), text);
    });
  }
});

test('a success counts its failed items', () => {
  const run: RunSummary = { ...RUN, failedItems: { failed: 2, total: 5 } };

  assert.equal(endText(run), 'Run 9a8b7c6d succeeded, 2 of 5 items failed: 4 cached, 3 completed, 2.1 s');
});

test('counts above zero, in the order of a summary line', () => {
  assert.equal(countsText(FAILED.counts), '2 completed, 1 failed, 1 skipped');
  assert.equal(countsText({}), '');
});

describe('the message at the end of a run', () => {
  test('of a success has counts and duration', () => {
    assert.equal(endText(RUN), 'Run 9a8b7c6d succeeded: 4 cached, 3 completed, 2.1 s');
  });

  test("of a failure names the node and the first line of its error", () => {
    const text = endText(FAILED, 'data.csv is missing\nTraceback …');
    assert.equal(
      text,
      'Run 9a8b7c6d failed at analyse: data.csv is missing · 2 completed, 1 failed, 1 skipped, 400 ms',
    );
  });

  test("falls back on the reason in the log", () => {
    const text = endText({ ...FAILED, reason: 'analyse failed', durationMs: null });
    assert.equal(text, 'Run 9a8b7c6d failed at analyse: analyse failed · 2 completed, 1 failed, 1 skipped');
  });

  test('of a cancelled run has no reason', () => {
    const run: RunSummary = { ...RUN, status: 'cancelled', reason: 'cancelled by `oe cancel`' };
    assert.equal(endText(run), 'Run 9a8b7c6d was cancelled: 4 cached, 3 completed, 2.1 s');
  });

  test('has no counts if no node ended', () => {
    const counts = { cached: 0, completed: 0, failed: 0, skipped: 0, cancelled: 0 };
    const run: RunSummary = { ...RUN, status: 'interrupted', counts, durationMs: null };
    assert.equal(endText(run), 'Run 9a8b7c6d was interrupted');
  });
});

test('a list item shows outcome and age, then counts, duration and original run', () => {
  const run = { ...FAILED, originalRunId: '4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c' };

  const described = describeRun(run, new Date('2026-05-28T09:17:00Z'));

  assert.deepEqual(described, {
    label: '$(error) 9a8b7c6d',
    description: 'failed at analyse · 2 min ago',
    detail: '2 completed, 1 failed, 1 skipped · 400 ms · resumed from 4f3a1b2c',
  });
});

test('a question is a title and a detail', () => {
  assert.deepEqual(questionParts('It may cost $0.12. More is not known.'), {
    title: 'It may cost $0.12.',
    detail: 'More is not known.',
  });
  assert.deepEqual(questionParts('Resume?'), { title: 'Resume?', detail: '' });
});
