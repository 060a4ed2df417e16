// Keeps the requests to one process apart: what one leaves behind does not reach the next, and a late error is blamed
// on the request that caused it. Stand-alone, like worker.mjs.
//
// Modules may change the process when they are loaded (dotenv does): from then on the process serves only calls that
// share them. What a call changes or leaves running makes the process unfit for another request. So every call finds
// what it would find in a process of its own, as far as a process can tell.

import { AsyncLocalStorage } from 'node:async_hooks';
import { ProcessState } from './worker_state.mjs';

const { setImmediate, setTimeout } = globalThis; // as they are before a tool can put others in their place
const LOOKS = 20;
const DRAINING_LOOKS = 200;

/** What may still be active when a tool has returned, by Node's names. */
const WORDS = {
  Timeout: 'a timer',
  Immediate: 'a timer',
  ProcessWrap: 'a child process',
  TCPSocketWrap: 'a connection',
  TCPServerWrap: 'a server',
  PipeWrap: 'a pipe',
  UDPWrap: 'a socket',
  FSEventWrap: 'a file watcher',
  StatWatcher: 'a file watcher',
  MessagePort: 'a message port',
  Worker: 'a worker thread',
};

export class Isolation {
  /** True once nothing more may run here: an error was thrown during a request and not caught. */
  isBroken = false;

  #contexts = new AsyncLocalStorage();
  #print;
  #served = 0;
  #current = null;
  #loaded = new WeakSet();
  #threads = new Set();
  #onlyFor = null;
  #isSpent = false;
  #state;
  #active;

  /**
   * `disturbed` is called with the id of the current request when an earlier one ends the process, and `print`
   * with late errors.
   */
  constructor(disturbed, print) {
    this.#print = print;
    process.on('uncaughtException', this.#onLateError);
    process.on('unhandledRejection', this.#onLateError);
    process.on('worker', (thread) => {
      this.#threads.add(thread);
      thread.once('exit', () => this.#threads.delete(thread));
    });
    process.on('exit', () => {
      if (this.#current !== null && this.#isOfAnother()) disturbed(this.#current.request.id);
    });
  }

  /** Tells whether a request for the modules of `generation` needs another process. */
  refuses(generation) {
    return this.#isSpent || (this.#onlyFor !== null && this.#onlyFor !== generation);
  }

  /**
   * The reply of `work` to `request`, or of `fail` for an error that nobody awaited. Has `retire` and `why` if the
   * process cannot serve another, and `left`, what is still active; or `stale` if an earlier request disturbed it.
   */
  async serve(request, work, fail) {
    if (!this.#served) this.#remember();
    const reply = await new Promise((resolve) => {
      this.#current = { request, fail, resolve };
      this.#contexts.run(request, async () => resolve(await this.#ended(await work())));
    });
    this.#current = null;
    this.#served += 1;
    return reply;
  }

  /** Call it when the modules of `generation` are loaded: what loading changed stays, for them alone. */
  async loaded(generation) {
    if (this.#loaded.has(generation)) return;
    this.#loaded.add(generation);
    const running = await this.#settled();
    if (!running.length && this.#state.change() === null) return;
    this.#onlyFor = generation;
    this.#remember();
  }

  /** From now on, differences count as changes of the current request. */
  #remember() {
    this.#active = this.#resources();
    this.#state = new ProcessState();
  }

  /** Resolves when short work has ended, such as writing a file: not timers, and nothing that waits for others. */
  async drained() {
    if (this.#current !== null) return;
    for (let look = 0; look < DRAINING_LOOKS && this.#running().some(isOperation); look += 1) await pause(10);
  }

  /** Resolves with `reply` once the event loop has run what the tool left to it. */
  async #ended(reply) {
    await new Promise((resolve) => { setImmediate(resolve); });
    const running = await this.#settled();
    process.exitCode = undefined;
    const left = inWords(running);
    const why = left.length ? left.join(', ') : this.#state.change();
    if (why === null) return reply;
    this.#isSpent = true;
    return { ...reply, retire: true, why, ...(left.length && { left }) };
  }

  /** What is still active. Gives what takes a moment to close, such as a file, that moment. */
  async #settled() {
    let running = this.#running();
    for (let look = 0; look < LOOKS && running.some((name) => name !== 'Timeout'); look += 1) {
      await pause(1);
      running = this.#running();
    }
    return running;
  }

  #running() {
    const before = [...this.#active];
    return this.#resources().filter((name) => {
      const at = before.indexOf(name);
      if (at >= 0) before.splice(at, 1);
      return at < 0;
    });
  }

  /** What keeps the process alive, by Node's names; threads are not included. */
  #resources() {
    return [...process.getActiveResourcesInfo(), ...Array.from(this.#threads, () => 'Worker')];
  }

  /** Tells whether the current code comes from an earlier request. Node does not tell for microtasks. */
  #isOfAnother() {
    return this.#served > 0 && this.#contexts.getStore() !== this.#current.request;
  }

  #onLateError = (error, origin) => {
    const event = typeof origin === 'string' ? 'uncaughtException' : 'unhandledRejection';
    if (process.listeners(event).some((listener) => listener !== this.#onLateError)) return; // the tool's own concern
    this.#print(error);
    this.#isSpent = true;
    if (this.#current === null) return;
    this.isBroken = true;
    const { request, fail, resolve } = this.#current;
    const isOfAnother = this.#isOfAnother();
    resolve(isOfAnother ? { id: request.id, stale: true } : { ...fail(error), retire: true, why: 'an error' });
  };
}

/** What is still active, in the words of its author. */
function inWords(names) {
  const words = new Set(names.map((name) => WORDS[name] ?? (isOperation(name) ? 'an operation' : name)));
  if (words.has('a child process')) words.delete('a pipe'); // which connects to it
  return [...words];
}

/** Tells whether this is something that ends by itself. */
function isOperation(name) {
  return /Req|WriteWrap|ShutdownWrap/.test(name);
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
