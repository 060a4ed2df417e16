// Middleware for server commands, whether a lens, the palette or a notification executes them.
import * as vscode from 'vscode';
import type { ExecuteCommandMiddleware } from 'vscode-languageclient/node';
import { saveExperience } from './experiences';
import { RESUME_RUN, RUN_EXPERIENCE, type StartedRun } from './protocol';
import type { StartedRuns } from './startedRuns';

/** Saves files before a run, records the run as started here, and shows the server's error message. */
export function commandMiddleware(starts: StartedRuns): Required<ExecuteCommandMiddleware> {
  return {
    executeCommand: async (command, args, next) => {
      try {
        if (command !== RUN_EXPERIENCE && command !== RESUME_RUN) return (await next(command, args)) as unknown;
        if (!(await saveExperience(vscode.Uri.parse(String(args[0]))))) return undefined;
        return await starts.track(next(command, args) as Thenable<StartedRun>);
      } catch (error) {
        void showError(error instanceof Error ? error.message : String(error));
        return undefined;
      }
    },
  };
}

async function showError(message: string): Promise<void> {
  const manageTrust = 'Manage Workspace Trust';
  const buttons = vscode.workspace.isTrusted ? [] : [manageTrust];
  if ((await vscode.window.showErrorMessage(message, ...buttons)) === manageTrust) {
    await vscode.commands.executeCommand('workbench.trust.manage');
  }
}
