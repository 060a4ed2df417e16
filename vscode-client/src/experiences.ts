// Picks the experience.yaml that a command acts on, and saves its files before a run.
import { sep } from 'node:path';
import * as vscode from 'vscode';

const LANGUAGE = 'oe-experience';
/** Every experience of the workspace, and where not to look. */
export const EXPERIENCE_FILES = '**/experience.{yaml,yml}';
export const NOT_SOURCES = '**/{node_modules,.openexpertise,.venv,.git}/**';

/** The active editor's experience, else the only one in the workspace, else the user's pick; undefined without one. */
export async function chooseExperience(): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document;
  if (active?.languageId === LANGUAGE && active.uri.scheme === 'file') return active.uri;
  const found = await vscode.workspace.findFiles(EXPERIENCE_FILES, NOT_SOURCES);
  if (found.length === 0) {
    void vscode.window.showInformationMessage('No experience.yaml in this workspace.');
    return undefined;
  }
  return found.length === 1 ? found[0] : pickExperience(found);
}

async function pickExperience(found: readonly vscode.Uri[]): Promise<vscode.Uri | undefined> {
  const items = found
    .map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }))
    .sort((a, b) => a.label.localeCompare(b.label));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: 'Select an experience' });
  return picked?.uri;
}

/**
 * Saves what has changed among these files, the first of which is an experience, and in its folder: tools import files
 * that nothing names. Returns false if one could not be saved.
 */
export async function saveFiles(uris: readonly vscode.Uri[]): Promise<boolean> {
  const named = new Set(uris.map(String));
  const folder = uris[0] === undefined ? undefined : vscode.Uri.joinPath(uris[0], '..').fsPath + sep;
  const changed = vscode.workspace.textDocuments.filter(
    ({ isDirty, uri }) =>
      isDirty &&
      uri.scheme === 'file' &&
      (named.has(uri.toString()) || (folder !== undefined && uri.fsPath.startsWith(folder))),
  );
  for (const document of changed) if (!(await document.save())) return false;
  return true;
}
