// Puts the parts together when the extension is activated. What each of them does is in its own file.
import * as vscode from 'vscode';
import { Server } from './client';
import { registerCommands } from './commands';
import { RunOutput } from './runOutput';
import { onPythonChanged } from './pythonSources';
import { RunProgress } from './runProgress';
import { RunEndNotifier } from './runEndNotifier';
import { StartedRuns } from './startedRuns';
import { commandMiddleware } from './commandMiddleware';

let stop: (() => Promise<void>) | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('oe language server', { log: true });
  const log = new RunOutput();
  const starts = new StartedRuns(context.workspaceState);
  const progress = new RunProgress(starts, {
    cancel: (runId) => {
      server.cancelProgress(runId);
    },
    ended: (runId) => {
      void ends.announce(runId);
    },
  });
  const server = new Server(context.extensionPath, output, {
    middleware: { ...commandMiddleware(starts), handleWorkDoneProgress: progress.handle },
    onEvent: (params) => {
      log.append(params);
      ends.note(params);
    },
    onStopped: () => {
      progress.clear();
    },
  });
  const ends = new RunEndNotifier(server, starts);
  const restart = (): void => {
    void server.restart();
  };

  context.subscriptions.push(
    output,
    log,
    progress,
    registerCommands(server, log),
    onPythonChanged(restart),
    // The server is told of trust when it starts; and a trusted folder may choose the Python.
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
  );
  stop = () => server.stop();
  await server.restart();
}

/** Waits for the server to end, so that a window that closes leaves none behind; runs go on. */
export function deactivate(): Promise<void> | undefined {
  return stop?.();
}
