// A local server that speaks Anthropic's Messages API, for agents without a network. It answers with what a test says.
import { createServer } from 'node:http';
import { once } from 'node:events';

const TOKENS = { input_tokens: 1800, output_tokens: 240 };

/** Answers every prompt with `answer(prompt)`, a text or a structured answer, at once or, after `hold()`, once `release()` is called. */
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
      this.keys.add(request.headers['x-api-key'] ?? request.headers.authorization.replace('Bearer ', ''));
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { model, messages, tools } = JSON.parse(Buffer.concat(chunks).toString());
      await this.held;
      const given = answer(messages.at(-1).content);
      const [content, reason] = tools
        ? [{ type: 'tool_use', id: 'toolu_1', name: tools[0].name, input: given }, 'tool_use']
        : [{ type: 'text', text: given }, 'end_turn'];
      const body = {
        ...{ id: 'msg_1', type: 'message', role: 'assistant', model, stop_reason: reason, stop_sequence: null },
        ...{ content: [content], usage: TOKENS },
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
