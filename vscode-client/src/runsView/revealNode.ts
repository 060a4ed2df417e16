// Nodes and the cursor: shows a node in the text, and tells which one the cursor is on.
import * as vscode from 'vscode';

// VS Code's own kinds for what the outline lists as nodes, pipelines and loops are not needed: ids are unique there.
const GRAPH_SECTIONS = new Set(['nodes', 'pipelines', 'loops']);

/** Selects the id of a node, pipeline or loop in the text, where the text is shown already, without taking the focus. */
export async function revealNode(uri: string, nodeId: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
  const symbol = (await vertices(document)).find(({ name }) => name === nodeId);
  const shown = vscode.window.visibleTextEditors.find((each) => each.document === document);
  const viewColumn = shown?.viewColumn ?? vscode.ViewColumn.One;
  const editor = await vscode.window.showTextDocument(document, { viewColumn, preserveFocus: true, preview: false });
  if (symbol === undefined) {
    vscode.window.setStatusBarMessage(`$(warning) ${nodeId} is not in the text any more`, 4000);
    return;
  }
  editor.selection = new vscode.Selection(symbol.selectionRange.start, symbol.selectionRange.end);
  editor.revealRange(symbol.range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** The id of the node, pipeline or loop around a position. */
export async function nodeAt(document: vscode.TextDocument, position: vscode.Position): Promise<string | undefined> {
  return (await vertices(document)).find(({ range }) => range.contains(position))?.name;
}

async function vertices(document: vscode.TextDocument): Promise<readonly vscode.DocumentSymbol[]> {
  const found = await vscode.commands.executeCommand<readonly vscode.DocumentSymbol[] | undefined>(
    'vscode.executeDocumentSymbolProvider',
    document.uri,
  );
  return (found ?? []).filter(({ name }) => GRAPH_SECTIONS.has(name)).flatMap(({ children }) => children);
}
