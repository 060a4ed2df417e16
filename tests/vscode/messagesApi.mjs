// A local server that speaks Anthropic's Messages API, for agents without a network. It answers with what a test says.
import { createServer } from 'node:http';
import { once } from 'node:events';

const TOKENS = { input_tokens: 1800, output_tokens: 240 };

/** Answers every prompt with `answer(prompt)`, at once or, after `hold()`, once `release()` is called. */
export class MessagesApi {
  keys = new Set();
  held = Promise.resolve();
  release = () => undefined;

  static async start(answer) {
    const api = new MessagesApi(answer);
    api.server.listen(0, '127.0.0.1');
    await once(api.server, 'listening');
    return api;
  }

  constructor(answer) {
    this.server = createServer(async (request, response) => {
      this.keys.add(request.headers['x-api-key']);
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { model, messages } = JSON.parse(Buffer.concat(chunks).toString());
      await this.held;
      const body = {
        ...{ id: 'msg_1', type: 'message', role: 'assistant', model, stop_reason: 'end_turn', stop_sequence: null },
        content: [{ type: 'text', text: answer(messages.at(-1).content) }],
        usage: TOKENS,
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }

  get url() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  hold() {
    this.held = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  async stop() {
    this.release();
    this.server.closeAllConnections();
    this.server.close();
  }
}
