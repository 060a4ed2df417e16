// Comparing two runs: which one was selected first, and the page that compares them.
import * as vscode from 'vscode';
import { openNodeDiff } from '../runPanel/nodeDiff';
import type { RunPages } from '../runPanel/runPages';
import type { RunSummary } from '../protocol';
import type { NodeElement, RunElement } from './elements';

const SELECTED = 'oe.runSelectedForCompare';
let selected: RunElement | undefined;

/** Remembers a run, as the Explorer does a file. */
export function selectForCompare(element: RunElement): void {
  selected = element;
  void vscode.commands.executeCommand('setContext', SELECTED, true);
}

/** The run that was selected last, if any. */
export function selectedForCompare(): RunElement | undefined {
  return selected;
}

/** Opens the page that compares an earlier run, on the left, with this one. */
export async function compareWith(pages: RunPages, { uri, run }: RunElement, other: string): Promise<void> {
  const { left, right } = inOrder(run, other);
  await pages.compare(uri, left, right);
}

/** Shows what a node did in its run and in the one selected for compare, else in the original of its run. */
export async function compareNode({ parent, node }: NodeElement): Promise<void> {
  const { uri, run } = parent;
  const chosen = selected?.uri === uri && selected.run.runId !== run.runId ? selected.run.runId : undefined;
  const other = chosen ?? run.originalRunId;
  if (!other) {
    void vscode.window.showInformationMessage('Select another run for compare first: this one resumes none.');
    return;
  }
  await openNodeDiff({ uri, ...inOrder(run, other) }, node.nodeId);
}

/** The earlier run is on the left. */
function inOrder(run: RunSummary, other: string): { left: string; right: string } {
  const isOther = selected?.run.runId === other && Date.parse(selected.run.startedAt) > Date.parse(run.startedAt);
  return isOther ? { left: run.runId, right: other } : { left: other, right: run.runId };
}
