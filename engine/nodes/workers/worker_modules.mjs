// The user's modules in a JavaScript worker: evaluated anew for each node, told apart by what was loaded.
//
// The digests of what Node loads come from where it is loaded (worker_hooks.mjs), and not from what the disk says before
// or after. Node keeps a module for as long as its address is the same, so each generation of modules has an address of
// its own, `?oe=N`, which a module hands on to those that it imports.

import fs from 'node:fs';
import nodeModule from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { MISSING, digestOf, hooks, isOwn, isUnreadable, withGeneration } from './worker_hooks.mjs';

const LIMIT = 500; // generations: Node forgets none

/** The modules that one node's calls share, as long as they are those that `files`, the digests of its hash, name. */
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

  /** The files that the hash names, and that were loaded in another version, or passed over for others. */
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

  /** Have the modules of `node` in place; false where that takes a new process. */
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

  /** What the engine has to know beside the result. */
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
      // What Node would have found was missing then, even if it is back by now; others may be behind links.
      const isCandidate = name.startsWith(`${file}.`) || name.startsWith(file + path.sep);
      if (isCandidate || (moduleName(name) === moduleName(file) && read(name) === null)) this.note(name, MISSING);
    }
  }

  /** Takes note of what the hooks have seen in their thread. */
  heed() {
    if (!this.port) return;
    for (let seen = receiveMessageOnPort(this.port); seen; seen = receiveMessageOnPort(this.port)) {
      this.note(seen.message.file, seen.message.digest);
    }
  }

  /** Whether this Node lets anyone see what it loads: from 18.19 and 20.6 on, in the same thread from 22.15 on. */
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

  /** The digest of the file that `text` was read from: of the one that the hash names, of today's, or of neither. */
  digestOfText(file, text) {
    const named = this.current.files[this.current.real.get(file)];
    const found = [text, `\uFEFF${text}`].map(digestOf).find((digest) => digest === named);
    if (found !== undefined) return found;
    const data = read(file);
    return digestOf(data?.toString().replace(/^\uFEFF/, '') === text ? data : text);
  }

  /** Where nobody tells what was loaded, all that the hash names has to be as it says, before and after. */
  compareAll() {
    for (const file of this.current.real.keys()) this.noteFile(file);
  }

  /** `file`, in which links are resolved, as a path from the experience. */
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

/** `file` as Node names what it loads from there: with links resolved, unless it is to keep them. */
function asLoaded(file) {
  try {
    return process.execArgv.includes('--preserve-symlinks') ? file : fs.realpathSync(file);
  } catch {
    return file;
  }
}

/** What a file is imported by, apart from what Node adds. */
function moduleName(file) {
  const { dir, name } = path.parse(file);
  return name === 'index' ? path.basename(dir) : name;
}
