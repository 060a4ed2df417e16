// Serves a copy of an example in a VS Code for the browser until Ctrl-C. Called by `serve`, which prepares everything.
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ROOT, startCodeServer } from './codeServer.mjs';

const PORT = Number(process.env.PORT ?? 8080);

const example = resolve(process.argv[2]);
const parent = await mkdtemp(join(tmpdir(), 'oe-try-'));
const folder = join(parent, basename(example));
await cp(example, folder, { recursive: true, filter: (source) => basename(source) !== '.openexpertise' });

const python = join(ROOT, '.venv/bin/python');
const server = await startCodeServer({ trust: 'disabled', port: PORT, settings: { 'oe.python': python } });
console.log(`\n  Open  ${server.address}?folder=${encodeURIComponent(folder)}\n`);
console.log('  Then open experience.yaml. Ctrl-C ends it; the copy is removed.\n');

await Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
await server.stop();
await rm(parent, { recursive: true, force: true });
