// What happens around every server command, whoever executes it: a lens, the palette, a message's button.
import * as vscode from 'vscode';
import type { ExecuteCommandMiddleware } from 'vscode-languageclient/node';
import { saveExperience } from './experiences';
import { RESUME_RUN, RUN_EXPERIENCE, type StartedRun } from './protocol';
import type { StartedRuns } from './startedRuns';

/** Files are saved before a run, the run counts as started here, and a refusal is shown in the server's own words. */
export function commandMiddleware(starts: StartedRuns): Required<ExecuteCommandMiddleware> {
  return {
    executeCommand: async (command, args, next) => {
      try {
        if (command !== RUN_EXPERIENCE && command !== RESUME_RUN) return (await next(command, args)) as unknown;
        if (!(await saveExperience(vscode.Uri.parse(String(args[0]))))) return undefined;
        return await starts.track(next(command, args) as Thenable<StartedRun>);
      } catch (error) {
        void showRefusal(error instanceof Error ? error.message : String(error));
        return undefined;
      }
    },
  };
}

async function showRefusal(message: string): Promise<void> {
  const manage = 'Manage Workspace Trust';
  const buttons = vscode.workspace.isTrusted ? [] : [manage];
  if ((await vscode.window.showErrorMessage(message, ...buttons)) === manage) {
    await vscode.commands.executeCommand('workbench.trust.manage');
  }
}
