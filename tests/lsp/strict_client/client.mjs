// open, diagnostics, lens, execute, events, shutdown: prints what it saw as one JSON object.
// Usage: node client.mjs FOLDER SERVER-COMMAND...

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import protocol from 'vscode-languageserver-protocol/node.js';

import { StrictFraming } from './framing.mjs';

const [folder, command, ...args] = process.argv.slice(2);
const file = join(folder, 'experience.yaml');
const uri = pathToFileURL(file).href;
const seen = { diagnostics: [], lenses: [], events: [], progress: [] };

const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const exited = once(server, 'exit');
const framing = new StrictFraming();
framing.on('error', (error) => {
  console.error(error.message);
  process.exit(3);
});
const connection = protocol.createProtocolConnection(
  new protocol.StreamMessageReader(server.stdout.pipe(framing)),
  new protocol.StreamMessageWriter(server.stdin),
);
connection.onError(([error]) => {
  throw error;
});

const published = first(protocol.PublishDiagnosticsNotification.type, () => true);
const finished = first('oe/event', ({ event }) => event.type === 'run.finished');
connection.onRequest(protocol.WorkDoneProgressCreateRequest.type, () => null);
connection.onRequest(protocol.CodeLensRefreshRequest.type, () => null);
connection.onUnhandledProgress(({ value }) => seen.progress.push(value.kind));
connection.listen();

const { capabilities } = await connection.sendRequest(protocol.InitializeRequest.type, {
  processId: process.pid,
  rootUri: null,
  workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'workspace' }],
  capabilities: {
    window: { workDoneProgress: true },
    workspace: { codeLens: { refreshSupport: true } },
    textDocument: { publishDiagnostics: { relatedInformation: true } },
  },
  initializationOptions: { trusted: true, oeEvents: true },
});
await connection.sendNotification(protocol.InitializedNotification.type, {});
await connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
  textDocument: { uri, languageId: 'yaml', version: 1, text: readFileSync(file, 'utf8') },
});
seen.diagnostics = (await published).diagnostics.map(({ code }) => code);

const lenses = await connection.sendRequest(protocol.CodeLensRequest.type, { textDocument: { uri } });
seen.lenses = lenses.map((lens) => lens.command.title);
const resume = lenses.at(-1).command;
seen.runId = (
  await connection.sendRequest(protocol.ExecuteCommandRequest.type, {
    command: resume.command,
    arguments: resume.arguments,
  })
).runId;
await finished;

await connection.sendRequest(protocol.ShutdownRequest.type);
await connection.sendNotification(protocol.ExitNotification.type);
[seen.exitCode] = await exited;
console.log(JSON.stringify({ ...seen, encoding: capabilities.positionEncoding, messages: framing.messages }));

/** The params of the first notification of a kind for which `wanted` holds; events are noted as they come. */
function first(type, wanted) {
  return new Promise((resolve) => {
    connection.onNotification(type, (params) => {
      if (params.event) {
        seen.events.push(params.event.type + (params.event.nodeId ? ` ${params.event.nodeId}` : ''));
      }
      if (wanted(params)) {
        resolve(params);
      }
    });
  });
}
