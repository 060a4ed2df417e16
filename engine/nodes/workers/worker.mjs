// Runs JavaScript tools for the engine, one request at a time. Stand-alone: Node 18 suffices.
//
// Started under the supervisor as `node worker.mjs CHANNEL FOLDER ROOT` in ROOT, the experience's folder; the arguments
// and the messages are those of worker.py. Beside it: all files worker_*.mjs.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Isolation } from './worker_isolation.mjs';
import { withoutGeneration } from './worker_hooks.mjs';
import { Modules } from './worker_modules.mjs';
import { NotJson, plain } from './worker_values.mjs';

const root = home();

/** The experience's folder; by another path if modules have no URL there (not UTF-8, or with a `\`). */
function home() {
  const folder = process.cwd();
  return fs.existsSync(folder) && !folder.includes('\\') ? folder : `/proc/self/fd/${fs.openSync('.')}`;
}

const modules = new Modules(root === process.cwd() ? process.argv[4] : root);
const { parse, stringify } = JSON; // here and below: before a tool can replace them
const { exit } = process;
const { writeSync } = fs;
const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));

function main(channel) {
  const socket = new net.Socket({ fd: channel, readable: true, writable: true });
  const isolation = new Isolation((id) => writeSync(channel, `${stringify({ id, stale: true })}\n`), print);
  let pieces = [];
  socket.on('data', (data) => {
    pieces.push(data);
    if (data[data.length - 1] !== 10) return;
    const request = parse(Buffer.concat(pieces).toString('utf8'));
    pieces = [];
    serve(isolation, request).then(async (reply) => {
      await Promise.all(streams.map(written));
      socket.write(`${stringify(reply)}\n`, () => isolation.isBroken && exit.call(process, 1));
    });
  });
  socket.on('end', () => isolation.drained().then(() => exit.call(process, 0)));
  socket.on('error', () => exit.call(process, 1));
}

/** Waits until printed output is written, so that it precedes the reply: Node buffers what a full pipe did not take. */
function written({ stream, write }) {
  if (!stream.writableLength || !stream.writable) return null;
  return new Promise((resolve) => { write.call(stream, '', resolve); });
}

/** Resolves with the reply to one request. Never rejects: whatever a tool does becomes an error in the reply. */
function serve(isolation, request) {
  const { id, node, files } = request;
  const file = path.resolve(root, request.file);
  const isFit = modules.enter(node, files ?? {}) && !isolation.refuses(modules.current);
  if (!isFit) return Promise.resolve({ id, stale: true });
  const failed = (error) => {
    return { id, ok: false, ...failure(error), location: location(error, file), ...modules.report() };
  };
  return isolation.serve(
    request,
    () => answer(isolation, request).catch((error) => {
      print(error);
      return failed(error);
    }),
    (error) => {
      const reply = failed(error);
      return { ...reply, message: `${reply.message}, in something that the tool started and did not await` };
    },
  );
}

async function answer(isolation, { id, file, function: name, input, node, files }) {
  process.chdir(root);
  const module = await loaded(path.resolve(root, file), node, files);
  if (module === null) return { id, stale: true };
  await isolation.loaded(modules.current);
  const tool = callable(module, name);
  if (tool === undefined) {
    return { id, ok: false, type: 'NoFunction', message: '', names: functions(module), ...modules.report() };
  }
  Object.freeze(input._state);
  const output = plain(await tool(input)) ?? null;
  return { id, ok: true, output, ...modules.report() };
}

/** Loads the tool's module; null if that failed, perhaps because of an earlier load: some load once per process. */
async function loaded(file, node, files) {
  const asked = stringify([node, files]);
  const wasAsked = hasLoaded && failed !== asked;
  hasLoaded = true;
  try {
    return await modules.load(file);
  } catch (error) {
    failed = asked;
    if (wasAsked) return null;
    throw explained(error);
  }
}

let hasLoaded = false;
let failed = null;

function print(error) {
  console.error(readable(error));
}

/** `error` with the addresses in its stack as their author knows them. */
function readable(error) {
  try {
    if (error instanceof Error) error.stack = withoutGeneration(error.stack);
  } catch {
    // read-only
  }
  return error;
}

/** Adds to Node's error for a TypeScript file which Node could load it. */
function explained(error) {
  const isTypeScript = error?.code === 'ERR_UNKNOWN_FILE_EXTENSION' && /"\.[mc]?ts"/.test(error.message);
  return isTypeScript ? new NoTypeScript(error) : error;
}

class NoTypeScript extends Error {
  constructor(cause) {
    const file = /\bfor (.+)$/m.exec(cause.message)?.[1] ?? 'the tool';
    const shown = isInside(file, root) ? path.relative(root, file) : file;
    super(
      `${shown} is TypeScript, which needs Node.js 22.18, 23.6 or newer; node on PATH is ${process.version}. ` +
        'Install a newer one from https://nodejs.org, or compile the file to JavaScript',
    );
  }
}

/**
 * The function that an `impl` names. The exports of CommonJS are the default of its module; of a compiled TypeScript or
 * ES module (`__esModule`) it is the `default` in them, of other objects `default` or `run`.
 */
function callable(module, name) {
  const exported = module.default;
  const isCompiled = Boolean(exported?.__esModule) && typeof exported.default === 'function';
  const offered = name
    ? [[module, name], [exported, name]]
    : [[isCompiled ? exported : module, 'default'], [exported, 'default'], [exported, 'run']];
  const [owner, key] = offered.find(([object, member]) => typeof object?.[member] === 'function') ?? [];
  return owner === module ? module[key] : owner?.[key].bind(owner);
}

/** The names that may follow the colon of an `impl`. */
function functions(module) {
  const exported = { ...(typeof module.default === 'object' ? module.default : {}), ...module };
  return Object.keys(exported).filter((key) => key !== 'default' && typeof exported[key] === 'function');
}

function failure(error) {
  if (!(error instanceof Error)) return { type: 'Error', message: `the tool threw ${String(error)}` };
  if (error instanceof NotJson) return { type: 'ToolResult', message: error.message };
  if (error instanceof NoTypeScript) return { type: 'NoTypeScript', message: error.message };
  return { type: error.name, message: error.message ? `${error.name}: ${error.message}` : error.name };
}

/** The place of `error` in the experience's own files: the innermost such frame. */
function location(error, tool) {
  if (!(error instanceof Error) || error instanceof NotJson) return null;
  return place(String(error.stack), tool) ?? (error instanceof SyntaxError ? place(checked(tool), tool) : null);
}

/** Node's report on the syntax of `file`: the error of an import has no line. */
function checked(file) {
  return spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 5000 }).stderr ?? '';
}

/** The first place in the experience's own files that `text`, such as a stack, names. */
function place(text, tool) {
  const home = path.dirname(tool);
  for (const line of text.split('\n')) {
    const found = /((?:file:\/\/)?\/[^()]*?):(\d+)(?::\d+)?\)?$/.exec(line);
    if (!found) continue;
    const file = found[1].startsWith('file:') ? fileURLToPath(found[1]) : found[1];
    if (file.includes('node_modules')) continue;
    if (isInside(file, root)) return { file: path.relative(root, file), line: Number(found[2]) };
    if (isInside(file, home)) return { file, line: Number(found[2]) };
  }
  return null;
}

function isInside(file, folder) {
  return file.startsWith(folder + path.sep);
}

main(Number(process.argv[2]));
