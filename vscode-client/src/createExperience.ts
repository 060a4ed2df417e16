// Creates an experience from a template, as `oe init` does.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { Server } from './client';

const TEMPLATE_LINE = /^ +(\S+) +(.+)$/gm;

/** Asks for a template and a name, creates the folder in the workspace, and opens its experience.yaml. */
export async function createExperience(server: Server): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  const python = server.python;
  if (folder === undefined || python === undefined) {
    const missing = folder === undefined ? 'Open a folder first.' : 'The oe language server is not running.';
    void vscode.window.showInformationMessage(missing);
    return;
  }
  // In the extension's folder, where nobody else can put modules.
  const oe = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(python, ['-m', 'engine.cli', 'init', ...args], { cwd: server.home })).stdout;
  try {
    const listed = await oe('--list-templates');
    const templates = [...listed.matchAll(TEMPLATE_LINE)].map(([, label = '', description = '']) => ({ label, description }));
    const template = await vscode.window.showQuickPick(templates, { title: 'New experience', placeHolder: 'Select a template' });
    if (template === undefined) return;
    const name = await vscode.window.showInputBox({
      title: 'New experience',
      prompt: 'The name of a new folder in the workspace',
      value: 'my-experience',
    });
    if (name === undefined || name === '') return;
    const target = vscode.Uri.joinPath(folder.uri, name);
    await oe('--template', template.label, '--', target.fsPath);
    await vscode.window.showTextDocument(vscode.Uri.joinPath(target, 'experience.yaml'));
  } catch (error) {
    void vscode.window.showErrorMessage(reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  const said = (error as { readonly stderr?: unknown }).stderr;
  const text = typeof said === 'string' && said !== '' ? said : String(error);
  return text.trim().split('\n').at(-1)?.replace(/^(oe|Error): /, '') ?? text;
}
