// The server's stderr, line by line, at the level that each line names. Knows nothing of VS Code but its log's shape.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** The levels of a log output that the server uses. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** What lines are written to: a LogOutputChannel is one. */
export type Log = Record<Level, (message: string) => void>;

const LEVELS: Record<string, Level> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
};

/** `ERROR name: text` says its level; a line that says none belongs to the one before it, as those of a traceback do. */
export function forwardLines(stderr: Readable, log: Log): void {
  let level: Level = 'info';
  createInterface({ input: stderr, crlfDelay: Infinity }).on('line', (line) => {
    const [, name = '', text = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    const named = LEVELS[name];
    level = named ?? level;
    log[level](named === undefined ? line : text);
  });
}
