// Activation: creates the parts of the extension and connects them.
import * as vscode from 'vscode';
import { Server } from './client';
import { registerCommands } from './commands';
import { RunOutput } from './runOutput';
import { onPythonChanged } from './pythonSources';
import { RunProgress } from './runProgress';
import { RunEndNotifier } from './runEndNotifier';
import { StartedRuns } from './startedRuns';
import { commandMiddleware } from './commandMiddleware';
import { keyEnvironment, onKeysChanged, removeApiKey, setApiKey } from './apiKeys';
import { askIfNeeded } from './askArgs';
import { saveFiles } from './experiences';
import { registerNodeCommands } from './nodeCommands';
import { RunPages } from './runPanel/runPages';
import { RunStatusBar } from './runStatusBar';
import { RunsModel } from './runsView/runsModel';
import { createRunsView } from './runsView/runsView';
import { VirtualDocuments } from './virtualDocuments';

/** For the texts that the Runs view shows while it is empty. */
function setServerState(state: 'running' | 'stopped'): void {
  void vscode.commands.executeCommand('setContext', 'oe.server', state);
}

let stop: (() => Promise<void>) | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const serverOutput = vscode.window.createOutputChannel('oe language server', { log: true });
  const runOutput = new RunOutput();
  const starts = new StartedRuns(context.workspaceState);
  const progress = new RunProgress(starts, {
    onCancel: (runId) => {
      server.cancelProgress(runId);
    },
    onEnded: (runId) => {
      void endNotifier.onEnded(runId);
    },
  });
  const documents = new VirtualDocuments();
  const server: Server = new Server(context.extensionPath, serverOutput, {
    middleware: {
      ...commandMiddleware(starts, (uri) => askIfNeeded(server, uri)),
      handleWorkDoneProgress: progress.handle,
      window: { showDocument: documents.showDocument },
    },
    environment: () => keyEnvironment(context.secrets),
    onDocumentChanged: (params) => {
      documents.onDocumentChanged(params);
    },
    onSaveFiles: ({ uris }) => saveFiles(uris.map((uri) => vscode.Uri.parse(uri))),
    onEvent: (params) => {
      runOutput.append(params);
      endNotifier.onEvent(params);
    },
    onRunsChanged: (params) => {
      model.update(params);
    },
    onStarted: () => {
      setServerState('running');
      model.refresh();
      pages.serverStarted();
    },
    onStopped: () => {
      setServerState('stopped');
      progress.clear();
      model.clear();
    },
  });
  const model = new RunsModel(server);
  const pages = new RunPages(server, context.extensionUri);
  documents.server = server;
  const endNotifier = new RunEndNotifier(server, starts);
  const restart = (): void => {
    void server.restart();
  };

  context.subscriptions.push(
    serverOutput,
    runOutput,
    progress,
    documents,
    model,
    pages,
    new RunStatusBar(model, pages),
    createRunsView(server, model, pages),
    registerCommands(server, runOutput, pages),
    registerNodeCommands(server),
    vscode.commands.registerCommand('oe.setApiKey', () => setApiKey(context.secrets)),
    vscode.commands.registerCommand('oe.removeApiKey', () => removeApiKey(context.secrets)),
    onPythonChanged(restart),
    // The environment of a process is set when it starts.
    onKeysChanged(context.secrets, restart),
    // The server learns of trust when it starts, and a trusted workspace may choose the Python interpreter.
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
  );
  stop = () => server.stop();
  await server.restart();
}

/** Stops the server, so that a closed window leaves none behind; runs go on. */
export function deactivate(): Promise<void> | undefined {
  return stop?.();
}
