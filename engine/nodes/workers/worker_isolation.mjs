// Keeps the requests to one process apart: what one leaves behind does not reach the next, and a late error is blamed
// on the request that it comes from. Stand-alone, like worker.mjs.
//
// Modules may change the process when they are loaded (dotenv does): from then on the process serves only calls that
// share them. What a call changes or leaves running makes the process unfit for another request. So every call finds
// what it would find in a process of its own, as far as a process can tell.

import { AsyncLocalStorage } from 'node:async_hooks';
import { ProcessState } from './worker_state.mjs';

const { setImmediate, setTimeout } = globalThis; // as they are before a tool can put others in their place
const LOOKS = 20;
const DRAINING_LOOKS = 200;

/** What can go on in a process when a tool has returned, by Node's names. */
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
  /** Whether nothing more may run here: something threw while a request was answered, and nobody caught it. */
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
   * `disturbed` is called with the id of the request that is answered when an earlier one ends the process, and `print`
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

  /** Whether a request that is to use the modules of `generation` has to go to another process. */
  refuses(generation) {
    return this.#isSpent || (this.#onlyFor !== null && this.#onlyFor !== generation);
  }

  /**
   * The reply that `work` makes of `request`, or `fail` of an error that nobody awaited. With `retire` where the
   * process cannot serve another, `why`, and `left`, what still runs; or `stale` where an earlier request disturbed it.
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

  /** To be called when the modules of `generation` are loaded: what that changed stays, for them alone. */
  async loaded(generation) {
    if (this.#loaded.has(generation)) return;
    this.#loaded.add(generation);
    const running = await this.#settled();
    if (!running.length && this.#state.change() === null) return;
    this.#onlyFor = generation;
    this.#remember();
  }

  /** From now on, whatever differs was done by the request that is answered then. */
  #remember() {
    this.#active = this.#resources();
    this.#state = new ProcessState();
  }

  /** Returns when what was begun has ended, such as writing a file: not timers, and nothing that waits for others. */
  async drained() {
    if (this.#current !== null) return;
    for (let look = 0; look < DRAINING_LOOKS && this.#running().some(isOperation); look += 1) await pause(10);
  }

  /** `reply`, once what the tool left to the event loop has had its turn. */
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

  /** What runs on. What only takes a moment to close, such as a file, is given that moment. */
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

  /** What keeps the process awake, by Node's names. It counts no threads. */
  #resources() {
    return [...process.getActiveResourcesInfo(), ...Array.from(this.#threads, () => 'Worker')];
  }

  /** Whether the code that runs now comes from an earlier request. Of a microtask, Node does not tell. */
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

/** What runs on, as its author knows it. */
function inWords(names) {
  const words = new Set(names.map((name) => WORDS[name] ?? (isOperation(name) ? 'an operation' : name)));
  if (words.has('a child process')) words.delete('a pipe'); // which leads to it
  return [...words];
}

/** Whether Node's name is that of something that ends by itself. */
function isOperation(name) {
  return /Req|WriteWrap|ShutdownWrap/.test(name);
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
