// Passes on what a server writes, and throws at the first byte that is not part of an LSP message.

import { Transform } from 'node:stream';

const HEADER = /^Content-Length: (\d+)\r\n(?:Content-Type: application\/vscode-jsonrpc; charset=utf-8\r\n)?\r\n/;
const LONGEST_HEADER = 200;

export class StrictFraming extends Transform {
  #pending = Buffer.alloc(0);
  messages = 0;

  _transform(chunk, _encoding, done) {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    try {
      for (let message = this.#take(); message; message = this.#take()) {
        this.push(message);
      }
      done();
    } catch (error) {
      done(error);
    }
  }

  _flush(done) {
    done(this.#pending.length ? new Error(`the server ended in the middle of: ${this.#pending}`) : null);
  }

  /** The next whole message, or nothing yet. */
  #take() {
    const start = this.#pending.subarray(0, LONGEST_HEADER).toString('latin1');
    const header = HEADER.exec(start);
    if (!header) {
      if (start.includes('\r\n\r\n') || start.length === LONGEST_HEADER || !couldBecomeHeader(start)) {
        throw new Error(`not LSP: ${JSON.stringify(start)}`);
      }
      return undefined;
    }
    const end = header[0].length + Number(header[1]);
    if (this.#pending.length < end) {
      return undefined;
    }
    const message = this.#pending.subarray(0, end);
    JSON.parse(message.subarray(header[0].length).toString('utf8'));
    this.#pending = this.#pending.subarray(end);
    this.messages += 1;
    return message;
  }
}

function couldBecomeHeader(start) {
  const name = 'Content-Length: ';
  return start.length < name.length ? name.startsWith(start) : start.startsWith(name);
}
