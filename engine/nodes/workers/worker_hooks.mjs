// Hooks where Node resolves and loads the user's modules: the addresses of generation N end in `?oe=N`, so that Node
// evaluates them again, and the digest of everything that is loaded is noted. Runs in
// Node's thread for hooks, or in the worker's own.

import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const OF_GENERATION = /[?&]oe=(\d+)(?:[&#]|$)/;
/** The digest of a file that was looked for and is missing. */
export const MISSING = '0'.repeat(64);

let shared;
let port;

export function initialize(data) {
  ({ shared, port } = data);
}

export async function resolve(specifier, context, next) {
  try {
    return ofGeneration(await next(specifier, context), context, shared);
  } catch (error) {
    tellMissing(specifier, context, tellWorker);
    throw error;
  }
}

export async function load(url, context, next) {
  try {
    const loaded = await next(url, context);
    tell(url, loaded, tellWorker);
    return loaded;
  } catch (error) {
    tellUnreadable(url, error, tellWorker);
    throw error;
  }
}

/** The same for `module.registerHooks`: passes digests to `note`. */
export function hooks(current, note) {
  return {
    resolve: (specifier, context, next) => {
      try {
        return ofGeneration(next(specifier, context), context, current);
      } catch (error) {
        tellMissing(specifier, context, note);
        throw error;
      }
    },
    load: (url, context, next) => {
      try {
        const loaded = next(url, context);
        tell(url, loaded, note);
        return loaded;
      } catch (error) {
        tellUnreadable(url, error, note);
        throw error;
      }
    },
  };
}

/** Tells whether `file` is a user module: neither of an installed package nor of this worker. */
export function isOwn(file) {
  return path.isAbsolute(file) && !file.split(path.sep).includes('node_modules') && path.dirname(file) !== HERE;
}

/** `url` for generation `number`; the first generation leaves it as it is. */
export function withGeneration(url, number) {
  if (number === 0) return url;
  const [, address, query, fragment] = /^([^?#]*)(\?[^#]*)?(#.*)?$/.exec(url);
  return `${address}${query ? `${query}&` : '?'}oe=${number}${fragment ?? ''}`;
}

/** `text`, such as a stack, with the addresses as their author knows them. */
export function withoutGeneration(text) {
  return text.replace(/[?&]oe=\d+/g, '');
}

export function digestOf(data) {
  return createHash('sha256').update(data).digest('hex');
}

/** `resolved` with the generation of the importing module, or of the current call if its address has none. */
function ofGeneration(resolved, { parentURL }, current) {
  if (fileOf(resolved.url) === null || OF_GENERATION.test(resolved.url)) return resolved;
  if (parentURL === undefined || fileOf(parentURL) === null) return resolved;
  const number = OF_GENERATION.exec(parentURL)?.[1] ?? Atomics.load(current, 0);
  return { ...resolved, url: withGeneration(resolved.url, Number(number)) };
}

function tellWorker(file, digest) {
  port.postMessage({ file, digest });
}

function tellMissing(specifier, { parentURL }, note) {
  if (!/^\.\.?\//.test(specifier) || parentURL === undefined) return;
  const file = fileOf(new URL(specifier, parentURL).href);
  if (file !== null) note(file, MISSING);
}

/** Tells whether `error` says that `file` could not be read although it was found. */
export function isUnreadable(error, file) {
  return error?.errno !== undefined && error.path === file;
}

function tellUnreadable(url, error, note) {
  const file = fileOf(url);
  if (file !== null && isUnreadable(error, file)) note(file, MISSING);
}

function tell(url, { source }, note) {
  const file = fileOf(url);
  if (file !== null && source !== null && source !== undefined) note(file, digestOf(source));
}

/** The user's file at `url`; null if it is another. */
function fileOf(url) {
  if (!url.startsWith('file:')) return null;
  try {
    const file = fileURLToPath(url.replace(/[?#].*$/, ''));
    return isOwn(file) ? file : null;
  } catch {
    return null;
  }
}
