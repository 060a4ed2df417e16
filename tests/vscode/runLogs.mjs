// What the editor is compared with: runs started in a terminal, and the logs on disk.
import { execFile, spawn } from 'node:child_process';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../scripts/vscode/codeServer.mjs';

const OE = join(ROOT, '.venv/bin/oe');

/** Runs an experience to its end, and returns the exit code of `oe run`. */
export function runToEnd(folder) {
  return new Promise((resolve, reject) => {
    execFile(OE, ['run', folder], (error) => {
      if (error === null) resolve(0);
      else if (typeof error.code === 'number') resolve(error.code);
      else reject(error);
    });
  });
}

/** Starts a run as a terminal would; killed at the end of the test. */
export function runInTerminal(context, folder) {
  const terminal = spawn(OE, ['run', folder], { stdio: 'ignore' });
  context.after(() => terminal.kill('SIGKILL'));
}

/** The ids of all runs of an experience. */
export async function runIds(folder) {
  const names = await readdir(join(folder, '.openexpertise/runs'));
  return names.filter((name) => name.endsWith('.jsonl')).map((name) => name.slice(0, -'.jsonl'.length));
}

/** A run's log on disk: its bytes, modification time and events. */
export async function logOf(folder, runId) {
  const path = join(folder, `.openexpertise/runs/${runId}.jsonl`);
  const [bytes, { mtimeMs }] = await Promise.all([readFile(path), stat(path)]);
  const events = bytes.toString().trimEnd().split('\n').map((line) => JSON.parse(line));
  return { bytes, mtimeMs, events };
}
