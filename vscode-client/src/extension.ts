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
  const server = new Server(context.extensionPath, serverOutput, {
    middleware: { ...commandMiddleware(starts), handleWorkDoneProgress: progress.handle },
    onEvent: (params) => {
      runOutput.append(params);
      endNotifier.onEvent(params);
    },
    onStopped: () => {
      progress.clear();
    },
  });
  const endNotifier = new RunEndNotifier(server, starts);
  const restart = (): void => {
    void server.restart();
  };

  context.subscriptions.push(
    serverOutput,
    runOutput,
    progress,
    registerCommands(server, runOutput),
    onPythonChanged(restart),
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
