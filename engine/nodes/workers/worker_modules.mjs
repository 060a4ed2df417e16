// The user's modules in a JavaScript worker: evaluated for each node, identified by the digests of what was loaded.
//
// The digests are taken where Node loads a file (worker_hooks.mjs), not from the disk before or after.
// Node keeps a module as long as its address is the same, so each generation of modules has its own addresses, `?oe=N`,
// and a module passes its generation on to those that it imports.

import fs from 'node:fs';
import nodeModule from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { MISSING, digestOf, hooks, isOwn, isUnreadable, withGeneration } from './worker_hooks.mjs';

const LIMIT = 500; // generations: Node forgets none

/** The modules that one node's calls share, as long as their digests are those of its hash, `files`. */
class Generation {
  constructor(number, files, root) {
    this.number = number;
    this.files = files;
    this.versions = new Map();
    this.commonJs = new Map();
    this.isReusable = true;
    this.real = new Map(Object.keys(files).map((file) => [asLoaded(path.resolve(root, file)), file]));
  }

  isFor(files) {
    return this.isReusable && JSON.stringify(this.files) === JSON.stringify(files) && !this.unlike().length;
  }

  /** The files in the hash that were loaded in another version, or shadowed by others. */
  unlike() {
    const others = new Set(this.unforeseen().map(([file]) => moduleName(file)));
    const isUnlike = (file, name) =>
      this.versions.has(file) ? this.versions.get(file) !== this.files[name] : others.has(moduleName(file));
    return [...this.real].filter(([file, name]) => isUnlike(file, name)).map(([, name]) => name);
  }

  /** The files that were loaded although the hash does not name them, with their digests. */
  unforeseen() {
    return [...this.versions].filter(([file]) => !this.real.has(file));
  }
}

export class Modules {
  constructor(root) {
    this.root = root;
    this.realRoot = asLoaded(root);
    this.generations = new Map();
    this.number = -1;
    this.shared = new Int32Array(new SharedArrayBuffer(4));
    this.current = new Generation(0, {}, root);
    this.hasHooks = this.hookIn();
    this.hookIntoCommonJs();
  }

  /** Puts the modules of `node` in place; false if that takes a new process. */
  enter(node, files) {
    this.leave();
    const known = this.generations.get(node);
    const isKnown = known !== undefined && known.isFor(files);
    if (!isKnown && this.number >= 0 && !this.hasHooks) return false;
    this.current = isKnown ? known : new Generation((this.number += 1), files, this.root);
    this.generations.set(node, this.current);
    Atomics.store(this.shared, 0, this.current.number);
    for (const [file, module] of this.current.commonJs) nodeModule._cache[file] = module;
    return true;
  }

  async load(file) {
    if (!this.hasHooks) this.compareAll();
    try {
      return await import(withGeneration(pathToFileURL(file).href, this.current.number));
    } catch (error) {
      this.current.isReusable = false;
      throw error;
    }
  }

  /** What the engine must know besides the result. */
  report() {
    if (!this.hasHooks) this.compareAll();
    this.heed();
    const unlike = this.current.unlike();
    const loaded = this.current.unforeseen().map(([file, digest]) => [this.asWritten(file), digest]);
    if (loaded.length) this.current.isReusable = false;
    return {
      ...(unlike.length && { unlike }),
      ...(loaded.length && { loaded: Object.fromEntries(loaded) }),
      ...(this.number >= LIMIT && { retire: true, why: 'it keeps too many modules' }),
    };
  }

  leave() {
    this.heed();
    this.current.commonJs.clear();
    for (const [file, module] of Object.entries(nodeModule._cache)) {
      if (!isOwn(file)) continue;
      this.current.commonJs.set(file, module);
      delete nodeModule._cache[file];
    }
    for (const [request, file] of Object.entries(nodeModule._pathCache)) {
      if (isOwn(file)) delete nodeModule._pathCache[request];
    }
  }

  note(file, digest) {
    const { versions } = this.current;
    versions.set(file, (versions.get(file) ?? digest) === digest ? digest : 'several');
  }

  noteFile(file) {
    this.note(file, digestOf(read(file) ?? ''));
  }

  noteMissing(request, parent) {
    if (!/^\.\.?\//.test(request) || !parent || !isOwn(parent)) return;
    const file = path.resolve(path.dirname(parent), request);
    this.note(file, MISSING);
    for (const name of this.current.real.keys()) {
      // What Node looked for was missing then, even if it is back by now; others may be behind links.
      const isCandidate = name.startsWith(`${file}.`) || name.startsWith(file + path.sep);
      if (isCandidate || (moduleName(name) === moduleName(file) && read(name) === null)) this.note(name, MISSING);
    }
  }

  /** Notes what the hooks have seen in their thread. */
  heed() {
    if (!this.port) return;
    for (let seen = receiveMessageOnPort(this.port); seen; seen = receiveMessageOnPort(this.port)) {
      this.note(seen.message.file, seen.message.digest);
    }
  }

  /** Tells whether this Node has hooks for loading: since 18.19 and 20.6, in the same thread since 22.15. */
  hookIn() {
    const { shared } = this;
    if (nodeModule.registerHooks) {
      nodeModule.registerHooks(hooks(shared, (file, digest) => this.note(file, digest)));
    } else if (nodeModule.register) {
      const { port1, port2 } = new MessageChannel();
      this.port = port1;
      port1.unref();
      const data = { shared, port: port2 };
      nodeModule.register('./worker_hooks.mjs', import.meta.url, { data, transferList: [port2] });
    }
    return Boolean(nodeModule.registerHooks ?? nodeModule.register);
  }

  hookIntoCommonJs() {
    const modules = this;
    const { _compile: compile } = nodeModule.prototype;
    nodeModule.prototype._compile = function (content, file, ...more) {
      if (isOwn(file)) modules.note(file, modules.digestOfText(file, content));
      return compile.call(this, content, file, ...more);
    };
    const { load } = nodeModule.prototype;
    nodeModule.prototype.load = function (file) {
      try {
        return load.call(this, file);
      } catch (error) {
        if (isOwn(file) && isUnreadable(error, file)) modules.note(file, MISSING);
        throw error;
      }
    };
    const { _resolveFilename: resolve } = nodeModule;
    nodeModule._resolveFilename = function (request, parent, ...more) {
      try {
        return resolve.call(this, request, parent, ...more);
      } catch (error) {
        modules.noteMissing(request, parent?.filename);
        throw error;
      }
    };
    const { '.json': loadJson } = nodeModule._extensions;
    nodeModule._extensions['.json'] = (module, file) => {
      if (isOwn(file)) modules.noteFile(file);
      loadJson(module, file);
      if (isOwn(file)) modules.noteFile(file);
    };
  }

  /** The digest of the file that `text` was read from: the version in the hash, the current one, or neither. */
  digestOfText(file, text) {
    const named = this.current.files[this.current.real.get(file)];
    const found = [text, `\uFEFF${text}`].map(digestOf).find((digest) => digest === named);
    if (found !== undefined) return found;
    const data = read(file);
    return digestOf(data?.toString().replace(/^\uFEFF/, '') === text ? data : text);
  }

  /** Without hooks, all files in the hash must have their digests before and after. */
  compareAll() {
    for (const file of this.current.real.keys()) this.noteFile(file);
  }

  /** `file`, whose links are resolved, as a path from the experience. */
  asWritten(file) {
    return isInside(file, this.realRoot) ? path.relative(this.realRoot, file) : file;
  }
}

function isInside(file, folder) {
  return file.startsWith(folder + path.sep);
}

function read(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return null;
  }
}

/** `file` as Node names it when loaded: with links resolved, unless told to preserve them. */
function asLoaded(file) {
  try {
    return process.execArgv.includes('--preserve-symlinks') ? file : fs.realpathSync(file);
  } catch {
    return file;
  }
}

/** The name under which a file is imported, without what Node adds. */
function moduleName(file) {
  const { dir, name } = path.parse(file);
  return name === 'index' ? path.basename(dir) : name;
}
