// Runs JavaScript tools for the engine, one request at a time. Stand-alone: Node 18 suffices.
//
// Started under the supervisor as `node worker.mjs CHANNEL FOLDER ROOT` in ROOT, the experience's folder; the arguments and the
// messages are those of worker.py.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withoutGeneration } from './worker_hooks.mjs';
import { Modules } from './worker_modules.mjs';

const root = home();

/** The experience's folder. Where no module has a URL by its name (it is not UTF-8, or holds a `\`), by another one. */
function home() {
  const folder = process.cwd();
  return fs.existsSync(folder) && !folder.includes('\\') ? folder : `/proc/self/fd/${fs.openSync('.')}`;
}

const modules = new Modules(root === process.cwd() ? process.argv[4] : root);

function main(channel) {
  const socket = new net.Socket({ fd: channel, readable: true, writable: true });
  let pieces = [];
  socket.on('data', (data) => {
    pieces.push(data);
    if (data[data.length - 1] !== 10) return;
    const request = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    pieces = [];
    answer(request).then(async (line) => {
      await Promise.all([process.stdout, process.stderr].map(written));
      socket.write(line);
    });
  });
  socket.on('end', () => process.exit(0));
}

/** What was printed leaves before the answer does: what a full pipe did not take, Node keeps until there is room. */
function written(stream) {
  return stream.writableLength && stream.writable ? new Promise((resolve) => stream.write('', resolve)) : null;
}

/** The reply to one request. Never rejects: whatever a tool does becomes an error that says so. */
async function answer({ id, file: named, function: name, input, node, files }) {
  const file = path.resolve(root, named);
  process.chdir(root);
  if (!modules.enter(node, files ?? {})) return encode({ id, stale: true });
  try {
    const module = await loaded(file, node, files);
    if (module === null) return encode({ id, stale: true });
    const tool = module[name ?? 'default'];
    if (typeof tool !== 'function') {
      return encode({ id, ok: false, type: 'NoFunction', message: '', names: functions(module), ...modules.report() });
    }
    Object.freeze(input._state);
    const output = await tool(input);
    return encode({ id, ok: true, output: output === undefined ? null : output, ...modules.report() });
  } catch (error) {
    console.error(readable(error));
    return encode({ id, ok: false, ...failure(error), location: location(error, file), ...modules.report() });
  }
}

/** The tool's module; null where it cannot be loaded here, perhaps since it was loaded before: some can be only once. */
async function loaded(file, node, files) {
  const asked = JSON.stringify([node, files]);
  const wasAsked = hasLoaded && failed !== asked;
  hasLoaded = true;
  try {
    return await modules.load(file);
  } catch (error) {
    failed = asked;
    if (wasAsked) return null;
    throw error;
  }
}

let hasLoaded = false;
let failed = null;

/** `error`, its stack with the addresses of modules as their author knows them. */
function readable(error) {
  try {
    if (error instanceof Error) error.stack = withoutGeneration(error.stack);
  } catch {
    // it cannot be changed
  }
  return error;
}

function functions(module) {
  return Object.keys(module).filter((key) => key !== 'default' && typeof module[key] === 'function');
}

function failure(error) {
  if (!(error instanceof Error)) return { type: 'Error', message: `the tool threw ${String(error)}` };
  if (error instanceof NotJson) return { type: 'ToolResult', message: error.message };
  return { type: error.name, message: error.message ? `${error.name}: ${error.message}` : error.name };
}

/** Where in the experience's own files `error` comes from: the innermost such frame. */
function location(error, tool) {
  if (!(error instanceof Error) || error instanceof NotJson) return null;
  return place(String(error.stack), tool) ?? (error instanceof SyntaxError ? place(checked(tool), tool) : null);
}

/** What Node says of the syntax of `file`: the error of an import does not tell the line. */
function checked(file) {
  return spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 5000 }).stderr ?? '';
}

/** The first place in the experience's own files that `text`, a stack or the like, names. */
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

class NotJson extends Error {}

/** One line. An output that JSON cannot hold becomes an error that names the place. */
function encode(reply) {
  try {
    return `${JSON.stringify(reply, jsonOnly)}\n`;
  } catch (error) {
    const message = fault(reply.output, '', []) ?? `the result is not JSON: ${error.message}`;
    return `${JSON.stringify({ id: reply.id, ok: false, type: 'ToolResult', message })}\n`;
  }
}

function jsonOnly(key, value) {
  const reason = unfit(value);
  if (reason !== null) throw new NotJson(reason);
  return value;
}

/** Why JSON cannot hold this very value, which JSON.stringify would drop or turn into something else; else null. */
function unfit(value) {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? null : `is ${value}, which JSON cannot hold; return a finite number or null`;
    case 'string':
      return value.isWellFormed?.() === false
        ? 'is text with half of a surrogate pair, which JSON cannot hold; use toWellFormed()'
        : null;
    case 'bigint':
    case 'function':
    case 'symbol':
      return `is a ${typeof value}; return only objects, arrays, strings, numbers, booleans and null`;
    case 'object':
      return value instanceof Map || value instanceof Set
        ? `is a ${value.constructor.name}, which JSON would empty; return an object or an array`
        : null;
    default:
      return null;
  }
}

/** The first thing in `value` that JSON cannot hold, with its path; undefined where there is none. */
function fault(value, place, inside) {
  const reason = unfit(value);
  if (reason !== null) return `${place || 'the result'} ${reason}`;
  if (typeof value !== 'object' || value === null || typeof value.toJSON === 'function') return undefined;
  if (inside.includes(value)) return `${place || 'the result'} contains itself`;
  for (const [key, part] of Object.entries(value)) {
    const step = Array.isArray(value) ? `${place}[${key}]` : place ? `${place}.${key}` : key;
    const found = fault(part, step, [...inside, value]);
    if (found) return found;
  }
  return undefined;
}

main(Number(process.argv[2]));
