// A run under way, event by event, and the server that shows it.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PYTHON = join(ROOT, '.venv/bin/python');
const OE = join(ROOT, '.venv/bin/oe');

/** A folder of its own, removed at the end of the test. */
export async function newFolder(context) {
  const folder = await mkdtemp(join(tmpdir(), 'oe-pages-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A generated run in `folder` that writes its next events when it is told to. */
export class RunUnderWay {
  /** Ends with the test. */
  static async begin(context, folder, name) {
    const writer = spawn(PYTHON, ['-m', 'tests.pages.begin_run', folder, name], { cwd: ROOT });
    const ended = new Promise((resolve) => writer.once('close', resolve));
    context.after(() => {
      writer.stdin.end();
      return ended;
    });
    const said = linesOf(writer);
    return new RunUnderWay(writer, said, JSON.parse(await said()));
  }

  constructor(writer, said, { id, events }) {
    this.writer = writer;
    this.said = said;
    this.id = id;
    this.events = events;
  }

  /** Resolves once the next events are in the log, with the number of those that are left; 0: the run has ended. */
  async write(count) {
    this.writer.stdin.write(`${count}\n`);
    return Number(await this.said());
  }
}

/** Serves the pages of a folder's runs until the test ends; resolves with the address, which has the token. */
export async function serve(context, folder, ...more) {
  const server = spawn(OE, ['inspect', '--experience', folder, '--serve', '--no-open', ...more], { cwd: ROOT });
  const ended = new Promise((resolve) => server.once('close', resolve));
  context.after(() => {
    server.kill('SIGTERM');
    return ended;
  });
  const said = linesOf(server);
  for (let line = await said(); ; line = await said()) {
    const found = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(line);
    if (found) return new URL(found[0]);
  }
}

/** Reads what a process says, line by line; throws when it has ended. */
function linesOf(process) {
  const errors = [];
  process.stderr.on('data', (chunk) => errors.push(chunk));
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`it has ended: ${Buffer.concat(errors)}`);
    return value;
  };
}
