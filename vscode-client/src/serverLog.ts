// Copies the server's stderr to a log, line by line, at the level in each line.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** The log levels that the server uses. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Where lines are written, such as a LogOutputChannel. */
export type Log = Record<Level, (message: string) => void>;

const LEVELS: Record<string, Level> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
};

/** `ERROR name: text` carries its level; a line without one, as in a traceback, takes that of the line before it. */
export function forwardLines(stderr: Readable, log: Log): void {
  let level: Level = 'info';
  createInterface({ input: stderr, crlfDelay: Infinity }).on('line', (line) => {
    const [, name = '', text = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    const named = LEVELS[name];
    level = named ?? level;
    log[level](named === undefined ? line : text);
  });
}
