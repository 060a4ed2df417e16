import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { candidates, selectInterpreter, expandSetting, parseProbe, noPythonText, probeIn, type ProbeResult } from '../src/pythonSelection';

const SUITABLE: ProbeResult = { suitable: true, version: '3.11.2', serverVersion: '0.1.0' };

describe('candidates', () => {
  const commands = (sources: Parameters<typeof candidates>[0]): string[] =>
    candidates(sources).map((candidate) => candidate.command);

  test('with a setting, nothing else is tried', () => {
    assert.deepEqual(commands({ setting: '/opt/py', pythonExtension: '/env/python' }), ['/opt/py']);
  });

  test("without a setting, the Python extension comes before PATH", () => {
    assert.deepEqual(commands({ pythonExtension: '/env/python' }), ['/env/python', 'python3', 'python']);
  });

  test('without either, PATH is searched', () => {
    assert.deepEqual(commands({}), ['python3', 'python']);
  });
});

describe('selection', () => {
  test('takes the first suitable candidate and probes no further', async () => {
    const asked: string[] = [];
    const probe = (command: string): Promise<ProbeResult> => {
      asked.push(command);
      return Promise.resolve(command === 'python3' ? SUITABLE : { suitable: false, reason: 'no' });
    };

    const selection = await selectInterpreter(candidates({ pythonExtension: '/env/python' }), probe);

    assert.equal(selection.found && selection.candidate.command, 'python3');
    assert.deepEqual(asked, ['/env/python', 'python3']);
  });

  test('lists every rejected candidate with its reason', async () => {
    const selection = await selectInterpreter(candidates({ setting: '/opt/py' }), () =>
      Promise.resolve({ suitable: false, reason: 'not found' }),
    );

    assert.ok(!selection.found);
    assert.equal(
      noPythonText(selection.rejected),
      'No Python interpreter with oe-lsp found. Tried /opt/py (oe.python setting): not found.',
    );
  });
});

describe('probe output', () => {
  const table: [string, ProbeResult][] = [
    ['{"version": "3.11.2", "server": "0.1.0"}', SUITABLE],
    [
      '{"version": "3.9.18", "server": null}',
      { suitable: false, reason: 'Python 3.9.18 is too old, 3.10 or later is required' },
    ],
    ['{"version": "3.12.1", "server": null}', { suitable: false, reason: 'oe-lsp is not installed in Python 3.12.1' }],
    ['hello', { suitable: false, reason: 'not a Python 3 interpreter' }],
    ['{}', { suitable: false, reason: 'not a Python 3 interpreter' }],
    ['null', { suitable: false, reason: 'not a Python 3 interpreter' }],
  ];
  for (const [stdout, verdict] of table) {
    test(stdout, () => {
      assert.deepEqual(parseProbe(stdout), verdict);
    });
  }
});

describe('probing a program', () => {
  test('that does not exist', async () => {
    assert.deepEqual(await probeIn(tmpdir())('/nonexistent/python'), { suitable: false, reason: 'not found' });
  });

  test('that exits with an error reports the last line of stderr', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'oe-probe-'));
    context.after(() => {
      rmSync(folder, { recursive: true });
    });
    const program = join(folder, 'python');
    writeFileSync(program, '#!/bin/sh\necho one >&2\necho two >&2\nexit 3\n');
    chmodSync(program, 0o755);

    assert.deepEqual(await probeIn(folder)(program), { suitable: false, reason: 'failed: two' });
  });
});

describe('the setting', () => {
  const table: [string, string | undefined][] = [
    ['', undefined],
    ['   ', undefined],
    ['/usr/bin/python3', '/usr/bin/python3'],
    ['~/env/bin/python', '/home/ada/env/bin/python'],
    ['${workspaceFolder}/.venv/bin/python', '/w/.venv/bin/python'],
    ['/opt/~/python', '/opt/~/python'],
  ];
  for (const [text, path] of table) {
    test(`"${text}" expands to ${String(path)}`, () => {
      assert.equal(expandSetting(text, '/home/ada', '/w'), path);
    });
  }
});
