// Puts the parts together when the extension is activated. What each of them does is in its own file.
import * as vscode from 'vscode';
import { Server } from './client';
import { registerCommands } from './commands';
import { EventLog } from './eventLog';
import { onPythonChanged } from './interpreters';
import { RunProgress } from './progress';
import { RunEnds } from './runEnds';
import { RunStarts } from './runStarts';
import { aroundServerCommands } from './serverCommands';

let stop: (() => Promise<void>) | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('oe language server', { log: true });
  const log = new EventLog();
  const starts = new RunStarts(context.workspaceState);
  const progress = new RunProgress(starts, {
    cancel: (runId) => {
      server.cancelProgress(runId);
    },
    ended: (runId) => {
      void ends.announce(runId);
    },
  });
  const server = new Server(context.extensionPath, output, {
    middleware: { ...aroundServerCommands(starts), handleWorkDoneProgress: progress.handle },
    onEvent: (params) => {
      log.append(params);
      ends.note(params);
    },
    onStopped: () => {
      progress.clear();
    },
  });
  const ends = new RunEnds(server, starts);
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
