import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { forwardLines, type Level } from '../src/serverLog';

test('lines of stderr are logged at their level, a traceback at that of its first line', async () => {
  const stderr = new PassThrough();
  const logged: [Level, string][] = [];
  const at = (level: Level) => (message: string) => logged.push([level, message]);

  forwardLines(stderr, { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') });
  stderr.end('no level yet\nWARNING oe: odd\nERROR oe: it failed\nTraceback:\n  File x\nINFO oe: on it goes\n');
  await once(stderr, 'close');

  assert.deepEqual(logged, [
    ['info', 'no level yet'],
    ['warn', 'oe: odd'],
    ['error', 'oe: it failed'],
    ['error', 'Traceback:'],
    ['error', '  File x'],
    ['info', 'oe: on it goes'],
  ]);
});
