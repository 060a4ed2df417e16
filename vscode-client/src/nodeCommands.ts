// Palette commands on the node at the cursor: each executes a code action of the server.
import * as vscode from 'vscode';
import type { CodeAction } from 'vscode-languageclient/node';
import type { Server } from './client';
import { COPY_COMMAND, type NodeActionData } from './protocol';

/** The palette command, and which action it executes. */
const NODE_COMMANDS: Readonly<Record<string, Partial<NodeActionData>>> = {
  'oe.runFromHere': { kind: 'resume', option: 'from' },
  'oe.runOnlyNode': { kind: 'resume', option: 'isolated' },
  'oe.runNodeAnyway': { kind: 'resume', option: 'rerun' },
  'oe.acceptNode': { kind: 'resume', option: 'accept' },
  'oe.openPrompt': { kind: 'preview' },
};

/** Registers them, and `oe: Copy command`. */
export function registerNodeCommands(server: Server): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(NODE_COMMANDS).map(([command, wanted]) =>
      vscode.commands.registerCommand(command, () => executeOnNode(server, wanted)),
    ),
    vscode.commands.registerCommand('oe.copyCommandLine', () => copyCommandLine(server)),
  );
}

async function executeOnNode(server: Server, wanted: Partial<NodeActionData>): Promise<void> {
  const actions = await actionsAtCursor(server);
  if (actions === undefined) return;
  const onNode = actions.filter((action) => action.data !== undefined);
  const action = onNode.find((each) => isWanted(each.data as NodeActionData, wanted));
  if (action === undefined) {
    const kind = wanted.kind === 'preview' ? 'an agent or skill' : 'a node';
    void vscode.window.showInformationMessage(`Put the cursor on ${kind} first.`);
  } else {
    await execute(action);
  }
}

async function copyCommandLine(server: Server): Promise<void> {
  const actions = await actionsAtCursor(server);
  const copies = (actions ?? []).filter((action) => action.command?.command === COPY_COMMAND);
  const items = copies.map((action) => ({ label: action.title.replace(/^.*?: /, ''), action }));
  const picked = items.length > 1 ? await vscode.window.showQuickPick(items, { placeHolder: 'Copy which command?' }) : items[0];
  if (picked !== undefined) await execute(picked.action);
}

async function actionsAtCursor(server: Server): Promise<readonly CodeAction[] | undefined> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    void vscode.window.showInformationMessage('Open an experience.yaml first.');
    return undefined;
  }
  return server.actionsAt(editor.document.uri.toString(), editor.selection.active);
}

function isWanted(data: NodeActionData, wanted: Partial<NodeActionData>): boolean {
  return data.kind === wanted.kind && (wanted.option === undefined || data.option === wanted.option);
}

async function execute({ disabled, command }: CodeAction): Promise<void> {
  if (disabled !== undefined) {
    void vscode.window.showErrorMessage(disabled.reason);
  } else if (command !== undefined) {
    await vscode.commands.executeCommand(command.command, ...((command.arguments ?? []) as unknown[]));
  }
}
