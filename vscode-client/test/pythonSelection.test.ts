import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { candidates, choosePython, expandSetting, judge, noPythonText, probeIn, type Verdict } from '../src/pythonSelection';

const FITS: Verdict = { fits: true, version: '3.11.2', serverVersion: '0.1.0' };

describe('which interpreters are tried', () => {
  const commands = (sources: Parameters<typeof candidates>[0]): string[] =>
    candidates(sources).map((candidate) => candidate.command);

  test('a setting is an order: nothing else is tried', () => {
    assert.deepEqual(commands({ setting: '/opt/py', pythonExtension: '/env/python' }), ['/opt/py']);
  });

  test("without a setting, the Python extension's choice comes before PATH", () => {
    assert.deepEqual(commands({ pythonExtension: '/env/python' }), ['/env/python', 'python3', 'python']);
  });

  test('without both there is PATH', () => {
    assert.deepEqual(commands({}), ['python3', 'python']);
  });
});

describe('choosing', () => {
  test('takes the first that fits, and asks no further', async () => {
    const asked: string[] = [];
    const probe = (command: string): Promise<Verdict> => {
      asked.push(command);
      return Promise.resolve(command === 'python3' ? FITS : { fits: false, why: 'no' });
    };

    const choice = await choosePython(candidates({ pythonExtension: '/env/python' }), probe);

    assert.equal(choice.found && choice.candidate.command, 'python3');
    assert.deepEqual(asked, ['/env/python', 'python3']);
  });

  test('that fails names everything that was tried, and why', async () => {
    const choice = await choosePython(candidates({ setting: '/opt/py' }), () =>
      Promise.resolve({ fits: false, why: 'there is no such program' }),
    );

    assert.ok(!choice.found);
    assert.equal(
      noPythonText(choice.attempts),
      'No Python that can run the oe language server was found. ' +
        'Tried /opt/py (the setting oe.python): there is no such program.',
    );
  });
});

describe("a probe's answer", () => {
  const table: [string, Verdict][] = [
    ['{"version": "3.11.2", "server": "0.1.0"}', FITS],
    ['{"version": "3.9.18", "server": null}', { fits: false, why: 'it is Python 3.9.18, and 3.10 or later is needed' }],
    ['{"version": "3.12.1", "server": null}', { fits: false, why: 'Python 3.12.1 without the package oe-lsp' }],
    ['hello', { fits: false, why: 'it does not answer like a Python 3' }],
    ['{}', { fits: false, why: 'it does not answer like a Python 3' }],
    ['null', { fits: false, why: 'it does not answer like a Python 3' }],
  ];
  for (const [stdout, verdict] of table) {
    test(stdout, () => {
      assert.deepEqual(judge(stdout), verdict);
    });
  }
});

describe('a real program, asked', () => {
  test('that does not exist says so', async () => {
    assert.deepEqual(await probeIn(tmpdir())('/nonexistent/python'), { fits: false, why: 'there is no such program' });
  });

  test('that ends with an error gives its last line', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'oe-probe-'));
    context.after(() => {
      rmSync(folder, { recursive: true });
    });
    const program = join(folder, 'python');
    writeFileSync(program, '#!/bin/sh\necho one >&2\necho two >&2\nexit 3\n');
    chmodSync(program, 0o755);

    assert.deepEqual(await probeIn(folder)(program), { fits: false, why: 'it fails with: two' });
  });
});

describe("the setting's text", () => {
  const table: [string, string | undefined][] = [
    ['', undefined],
    ['   ', undefined],
    ['/usr/bin/python3', '/usr/bin/python3'],
    ['~/env/bin/python', '/home/ada/env/bin/python'],
    ['${workspaceFolder}/.venv/bin/python', '/w/.venv/bin/python'],
    ['/opt/~/python', '/opt/~/python'],
  ];
  for (const [text, path] of table) {
    test(`"${text}" is ${String(path)}`, () => {
      assert.equal(expandSetting(text, '/home/ada', '/w'), path);
    });
  }
});
