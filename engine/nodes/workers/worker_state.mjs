// The state of the process that tools share: what they may change, and what differs from before.
// Stand-alone, like worker.mjs.

import childProcess from 'node:child_process';
import fs from 'node:fs';
import nodeModule from 'node:module';
import timers from 'node:timers';
import 'node:worker_threads'; // which wraps process.chdir when it is loaded, as fetch does

const { stringify } = JSON; // here and below: before a tool can replace them
const { fstatSync } = fs;
const { ownKeys, getOwnPropertyDescriptor } = Reflect;

/** The objects that all code of a process shares. A tool that changes one changes it for the next. */
const SHARED = Object.entries({
  globalThis,
  process,
  console,
  fs,
  'fs.promises': fs.promises,
  timers,
  child_process: childProcess,
  Module: nodeModule,
  'Module.prototype': nodeModule.prototype,
  'Module._extensions': nodeModule._extensions,
  Math,
  JSON,
  Intl,
  Reflect,
  Object,
  'Object.prototype': Object.prototype,
  'Function.prototype': Function.prototype,
  Array,
  'Array.prototype': Array.prototype,
  'String.prototype': String.prototype,
  Number,
  'Number.prototype': Number.prototype,
  'BigInt.prototype': BigInt.prototype,
  Promise,
  'Promise.prototype': Promise.prototype,
  Date,
  'Date.prototype': Date.prototype,
  Error,
  'RegExp.prototype': RegExp.prototype,
  'Map.prototype': Map.prototype,
  'Set.prototype': Set.prototype,
});

/** Properties of `process` that change harmlessly, with listeners, which are compared separately. */
const PASSED_OVER = new Set(['_events', '_eventsCount', 'exitCode']);

/** The compared methods of the standard streams: the rest of a stream changes with each write. */
const STREAM_METHODS = ['write', '_write', '_writev', 'end', 'destroy', 'emit'];

/** The state of the process at one time. */
export class ProcessState {
  constructor() {
    this.settings = settings();
    this.objects = SHARED.map(([name, object]) => new Properties(name, object));
    this.listeners = new Map(process.eventNames().map((event) => [event, process.rawListeners(event)]));
    this.methods = streamMethods();
  }

  /** Describes what has changed since; null if nothing has. */
  change() {
    const now = settings();
    for (const [name, value] of Object.entries(this.settings)) if (now[name] !== value) return name;
    for (const properties of this.objects) {
      const name = properties.change();
      if (name !== null) return name;
    }
    const events = process.eventNames();
    const other = events.find((event) => !sameItems(process.rawListeners(event), this.listeners.get(event) ?? []));
    if (other !== undefined || events.length !== this.listeners.size) return 'the listeners of process';
    return sameItems(streamMethods(), this.methods) ? null : 'a standard stream';
  }
}

/** State that is no property, as texts. */
function settings() {
  return {
    'process.env': stringify(process.env),
    'process.argv': stringify([process.argv, process.execArgv]),
    'the working directory': workingDirectory(),
    'the umask': process.umask(),
    'a standard stream': [0, 1, 2].map(fileBehind).join(),
  };
}

function workingDirectory() {
  try {
    return process.cwd();
  } catch {
    return null; // deleted
  }
}

function fileBehind(descriptor) {
  try {
    const { dev, ino } = fstatSync(descriptor);
    return `${dev}:${ino}`;
  } catch {
    return 'closed';
  }
}

function streamMethods() {
  return [process.stdout, process.stderr].flatMap((stream) => STREAM_METHODS.map((name) => stream[name]));
}

function sameItems(some, others) {
  return some.length === others.length && some.every((item, index) => item === others[index]);
}

/** The own properties of one object. */
class Properties {
  constructor(name, object) {
    this.name = name;
    this.object = object;
    this.keys = ownKeys(object);
    this.getters = [];
    this.values = [];
    for (const key of this.keys) {
      const { get, value } = getOwnPropertyDescriptor(object, key);
      if (PASSED_OVER.has(key)) continue;
      if (get) this.getters.push([key, get]);
      else this.values.push([key, value]);
    }
  }

  change() {
    const { object } = this;
    const other =
      this.values.find(([key, value]) => !Object.is(object[key], value)) ??
      this.getters.find(([key, get]) => !hasGetter(object, key, get)) ??
      this.added().map((key) => [key])[0];
    return other === undefined ? null : `${this.name}.${String(other[0])}`;
  }

  added() {
    const keys = ownKeys(this.object);
    if (keys.length === this.keys.length) return [];
    return keys.filter((key) => !this.keys.includes(key) && !isOfNode(this.object[key], key));
  }
}

/** Tells whether a getter is unchanged: many of Node's become a plain value when first read. */
function hasGetter(object, key, get) {
  const now = getOwnPropertyDescriptor(object, key);
  return now !== undefined && (now.get === get || (now.get === undefined && get.call(object) === now.value));
}

/** `fetch` keeps its connections behind a symbol of globalThis; another kind of agent there is a change. */
function isOfNode(value, key) {
  const isOfFetch = typeof key === 'symbol' && String(key.description).startsWith('undici.');
  return isOfFetch && value?.constructor?.name === 'Agent';
}
