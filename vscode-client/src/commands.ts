// The palette commands: each picks an experience and a run, then executes the server's own command.
import * as vscode from 'vscode';
import type { Server } from './client';
import type { RunOutput } from './runOutput';
import { createExperience } from './createExperience';
import { chooseExperience } from './experiences';
import { askForAll } from './askArgs';
import { CANCEL_RUN, RESUME_RUN, RUN_EXPERIENCE, type RunSummary, SHOW_PLAN, SHOW_RUN } from './protocol';
import type { RunPages } from './runPanel/runPages';
import { pickRun, pickRunningRun, pickShownRun } from './runPicker';

/** Registers the commands of package.json. */
export function registerCommands(server: Server, output: RunOutput, pages: RunPages): vscode.Disposable {
  const withExperience = (action: (uri: string) => Promise<void>) => () => onExperience(server, action);
  return vscode.Disposable.from(
    vscode.commands.registerCommand('oe.run', withExperience(run)),
    vscode.commands.registerCommand('oe.runWithArgs', withExperience((uri) => runWithArgs(server, uri))),
    vscode.commands.registerCommand('oe.resume', withExperience((uri) => resume(server, uri))),
    vscode.commands.registerCommand('oe.cancel', withExperience((uri) => cancel(server, uri))),
    vscode.commands.registerCommand('oe.chooseShownRun', withExperience((uri) => chooseShownRun(server, uri))),
    vscode.commands.registerCommand('oe.openPlan', withExperience(openPlan)),
    vscode.commands.registerCommand(
      'oe.openPage',
      withExperience((uri) => pages.openRun(uri, 'latest')),
    ),
    vscode.commands.registerCommand('oe.createExperience', () => createExperience(server)),
    vscode.commands.registerCommand('oe.showServerOutput', () => {
      server.showOutput();
    }),
    vscode.commands.registerCommand('oe.showOutput', () => {
      output.show();
    }),
  );
}

async function onExperience(server: Server, action: (uri: string) => Promise<void>): Promise<void> {
  if (!server.isRunning) {
    const showOutput = 'Show output';
    const answer = await vscode.window.showErrorMessage('The oe language server is not running.', showOutput);
    if (answer === showOutput) server.showOutput();
    return;
  }
  const experience = await chooseExperience();
  if (experience !== undefined) await action(experience.toString());
}

async function run(uri: string): Promise<void> {
  await vscode.commands.executeCommand(RUN_EXPERIENCE, uri, {});
}

async function runWithArgs(server: Server, uri: string): Promise<void> {
  const options = await askForAll(server, uri);
  if (options !== undefined) await vscode.commands.executeCommand(RUN_EXPERIENCE, uri, options);
}

async function openPlan(uri: string): Promise<void> {
  await vscode.commands.executeCommand(SHOW_PLAN, uri);
}

async function chooseShownRun(server: Server, uri: string): Promise<void> {
  const picked = await pickShownRun(await server.runs(uri));
  if (picked === undefined) return;
  await vscode.window.showTextDocument(vscode.Uri.parse(uri));
  await vscode.commands.executeCommand(SHOW_RUN, uri, picked.shown);
}

async function resume(server: Server, uri: string): Promise<void> {
  const runs = await server.runs(uri);
  if (runs.length === 0) {
    void vscode.window.showInformationMessage('No runs yet. Start one with "oe: Run experience".');
    return;
  }
  const picked = await pickRun(runs);
  if (picked !== undefined) await vscode.commands.executeCommand(RESUME_RUN, uri, picked.runId, {});
}

async function cancel(server: Server, uri: string): Promise<void> {
  const picked = await runToCancel((await server.runs(uri)).filter((summary) => summary.status === 'running'));
  if (picked !== undefined) await vscode.commands.executeCommand(CANCEL_RUN, uri, picked.runId);
}

async function runToCancel(running: readonly RunSummary[]): Promise<RunSummary | undefined> {
  if (running.length > 1) return pickRunningRun(running);
  if (running.length === 0) void vscode.window.showInformationMessage('This experience has no run in progress.');
  return running[0];
}
