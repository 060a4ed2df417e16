// The Runs view: its tree, its title, and what its buttons and menus do.
import * as vscode from 'vscode';
import type { Server } from '../client';
import { CANCEL_RUN, DELETE_RUN, PIN_RUN, RESUME_RUN, RUN_EXPERIENCE, type RunStatus, SHOW_RUN } from '../protocol';
import { shortId } from '../runText';
import type { RunPages } from '../runPanel/runPages';
import { compareNode, compareWith, selectForCompare, selectedForCompare } from './compare';
import type { Element, ExperienceElement, MoreElement, NodeElement, RunElement } from './elements';
import type { DeletedRun } from './messages';
import { revealNode } from './revealNode';
import type { RunsModel } from './runsModel';
import { RunsTree } from './runsTree';
import { RUN_STATUSES, sizeText } from './treeText';

const FILTERED = 'oe.runsFiltered';

/** Creates the view and registers its commands, each of which gets the row that it was called on. */
export function createRunsView(server: Server, model: RunsModel, pages: RunPages): vscode.Disposable {
  const tree = new RunsTree(model);
  const view = vscode.window.createTreeView<Element>('oe.runs', { treeDataProvider: tree, showCollapseAll: true });

  // A command of a menu gets the row; one of a key is called without, on what is selected.
  function onRun(command: string, act: (element: RunElement) => unknown): vscode.Disposable {
    return vscode.commands.registerCommand(command, (given?: Element) => {
      const element = given ?? view.selection[0];
      return element?.kind === 'run' ? act(element) : undefined;
    });
  }

  function setFilter(statuses: readonly RunStatus[]): void {
    model.statuses = new Set(statuses);
    view.message = statuses.length === 0 ? '' : `Only: ${statuses.join(', ')}`;
    void vscode.commands.executeCommand('setContext', FILTERED, statuses.length > 0);
  }

  return vscode.Disposable.from(
    view,
    tree,
    onRun('oe.resumeThisRun', ({ uri, run }) => vscode.commands.executeCommand(RESUME_RUN, uri, run.runId, {})),
    onRun('oe.cancelThisRun', ({ uri, run }) => vscode.commands.executeCommand(CANCEL_RUN, uri, run.runId)),
    onRun('oe.openThisRunPage', ({ uri, run }) => pages.openRun(uri, run.runId)),
    onRun('oe.showThisRun', showInText),
    onRun('oe.openThisRunLog', ({ run }) => vscode.window.showTextDocument(vscode.Uri.parse(run.logUri))),
    onRun('oe.copyRunId', ({ run }) => vscode.env.clipboard.writeText(run.runId)),
    onRun('oe.deleteThisRun', deleteRun),
    onRun('oe.pinThisRun', ({ uri, run }) => vscode.commands.executeCommand(PIN_RUN, uri, run.runId, true)),
    onRun('oe.unpinThisRun', ({ uri, run }) => vscode.commands.executeCommand(PIN_RUN, uri, run.runId, false)),
    onRun('oe.selectForCompare', selectForCompare),
    onRun('oe.compareWithSelected', (element) => {
      const selected = selectedForCompare();
      return selected === undefined ? undefined : compareWith(pages, element, selected.run.runId);
    }),
    onRun('oe.compareWithOriginal', (element) => {
      const original = element.run.originalRunId;
      return original ? compareWith(pages, element, original) : undefined;
    }),
    vscode.commands.registerCommand('oe.runThis', ({ uri }: ExperienceElement) =>
      vscode.commands.executeCommand(RUN_EXPERIENCE, uri, {}),
    ),
    vscode.commands.registerCommand('oe.openThisExperience', ({ uri }: ExperienceElement) =>
      vscode.window.showTextDocument(vscode.Uri.parse(uri)),
    ),
    vscode.commands.registerCommand('oe.revealNode', ({ parent, node }: NodeElement) => revealNode(parent.uri, node.nodeId)),
    vscode.commands.registerCommand('oe.compareThisNode', compareNode),
    vscode.commands.registerCommand('oe.showMore', ({ parent }: MoreElement) => {
      model.showMore(parent);
    }),
    vscode.commands.registerCommand('oe.refreshRuns', () => {
      model.refresh();
    }),
    vscode.commands.registerCommand('oe.filterRuns', async () => {
      const picked = await pickStatuses(model.statuses);
      if (picked !== undefined) setFilter(picked.length === RUN_STATUSES.length ? [] : picked);
    }),
    vscode.commands.registerCommand('oe.clearRunFilter', () => {
      setFilter([]);
    }),
    vscode.commands.registerCommand('oe.restartServer', () => server.restart()),
  );
}

async function showInText({ uri, run }: RunElement): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.parse(uri));
  await vscode.commands.executeCommand(SHOW_RUN, uri, run.runId);
}

/** Asks with what goes, and what that means for other runs. */
async function deleteRun({ uri, run }: RunElement): Promise<void> {
  const found = await vscode.commands.executeCommand<DeletedRun | undefined>(DELETE_RUN, uri, run.runId, { dryRun: true });
  if (found === undefined) return;
  const id = shortId(run.runId);
  if (found.running) {
    void vscode.window.showInformationMessage(`Run ${id} may still be running. Cancel it first.`);
    return;
  }
  const answer = await vscode.window.showWarningMessage(
    `Delete run ${id}?`,
    { modal: true, detail: consequences(id, found).join('\n') },
    'Delete',
  );
  if (answer === 'Delete') await vscode.commands.executeCommand(DELETE_RUN, uri, run.runId, { force: true });
}

function consequences(id: string, { bytes, pinned, neededBy }: DeletedRun): string[] {
  return [
    `Removes its log, its outputs and all that only it used: ${sizeText(bytes)}. This cannot be undone.`,
    ...(pinned ? ['The run is pinned.'] : []),
    ...(neededBy ? [`A resume of run ${shortId(neededBy)} executes again what only ${id} completed.`] : []),
    'What it wrote to the state is kept.',
  ];
}

async function pickStatuses(shown: ReadonlySet<RunStatus>): Promise<readonly RunStatus[] | undefined> {
  const items = RUN_STATUSES.map((label) => ({ label, picked: shown.size === 0 || shown.has(label) }));
  const options = { canPickMany: true, title: 'Filter runs', placeHolder: 'Select the statuses to show' } as const;
  return (await vscode.window.showQuickPick(items, options))?.map(({ label }) => label);
}
