// Middleware for server commands, whether a lens, the palette or a notification executes them.
import * as vscode from 'vscode';
import type { ExecuteCommandMiddleware } from 'vscode-languageclient/node';
import { type CopiedCommand, COPY_COMMAND, RESUME_RUN, RUN_EXPERIENCE, type RunOptions, type StartedRun } from './protocol';
import type { StartedRuns } from './startedRuns';

/** Asks for the args of a run of the experience `uri`; undefined if the user cancels. */
export type AskForArgs = (uri: string) => Promise<RunOptions | undefined>;

type Next = Parameters<Required<ExecuteCommandMiddleware>['executeCommand']>[2];

/** Asks for args before a run, records runs as started here, copies command lines, and shows the server's errors. */
export function commandMiddleware(starts: StartedRuns, askForArgs: AskForArgs): Required<ExecuteCommandMiddleware> {
  return {
    executeCommand: async (command, args, next) => {
      try {
        return await execute(command, args, next);
      } catch (error) {
        void showError(error instanceof Error ? error.message : String(error));
        return undefined;
      }
    },
  };

  async function execute(command: string, args: unknown[], next: Next): Promise<unknown> {
    switch (command) {
      case RUN_EXPERIENCE:
        return run(args, next);
      case RESUME_RUN:
        return starts.track(next(command, args) as Thenable<StartedRun>);
      case COPY_COMMAND:
        return copy((await next(command, args)) as CopiedCommand);
      default:
        return next(command, args);
    }
  }

  async function run([uri, options]: unknown[], next: Next): Promise<unknown> {
    const given = (options ?? {}) as RunOptions;
    // In an untrusted workspace the server refuses whatever the answers.
    const isAsked = typeof uri === 'string' && given.args === undefined && vscode.workspace.isTrusted;
    const asked = isAsked ? await askForArgs(uri) : {};
    if (asked === undefined) return undefined;
    return starts.track(next(RUN_EXPERIENCE, [uri, { ...given, ...asked }]) as Thenable<StartedRun>);
  }
}

async function copy(copied: CopiedCommand): Promise<CopiedCommand> {
  await vscode.env.clipboard.writeText(copied.text);
  vscode.window.setStatusBarMessage('$(check) Command copied', 3000);
  return copied;
}

async function showError(message: string): Promise<void> {
  const manageTrust = 'Manage Workspace Trust';
  const buttons = vscode.workspace.isTrusted ? [] : [manageTrust];
  if ((await vscode.window.showErrorMessage(message, ...buttons)) === manageTrust) {
    await vscode.commands.executeCommand('workbench.trust.manage');
  }
}
