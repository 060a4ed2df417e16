// Which experience.yaml a command is about, and getting its folder onto disk before it runs.
import { sep } from 'node:path';
import * as vscode from 'vscode';

const LANGUAGE = 'oe-experience';
const NOT_SOURCES = '**/{node_modules,.openexpertise,.venv,.git}/**';

/** The one in front, else the only one in the workspace, else the one a person picks; undefined when none was picked. */
export async function chooseExperience(): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document;
  if (active?.languageId === LANGUAGE && active.uri.scheme === 'file') return active.uri;
  const found = await vscode.workspace.findFiles('**/experience.{yaml,yml}', NOT_SOURCES);
  if (found.length === 0) {
    void vscode.window.showInformationMessage('There is no experience.yaml in this workspace.');
    return undefined;
  }
  return found.length === 1 ? found[0] : pickExperience(found);
}

async function pickExperience(found: readonly vscode.Uri[]): Promise<vscode.Uri | undefined> {
  const items = found
    .map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }))
    .sort((a, b) => a.label.localeCompare(b.label));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: 'Which experience?' });
  return picked?.uri;
}

/**
 * Saves every changed file in the experience's folder: the engine reads tools and prompts from disk, too. False when
 * one could not be saved, which has been said.
 */
export async function saveExperience(experience: vscode.Uri): Promise<boolean> {
  const folder = vscode.Uri.joinPath(experience, '..').fsPath + sep;
  const changed = vscode.workspace.textDocuments.filter(
    (document) => document.isDirty && document.uri.scheme === 'file' && document.uri.fsPath.startsWith(folder),
  );
  for (const document of changed) {
    if (!(await document.save())) {
      const name = vscode.workspace.asRelativePath(document.uri);
      void vscode.window.showErrorMessage(`${name} could not be saved, so nothing was run.`);
      return false;
    }
  }
  return true;
}
