// What one node did in two runs, in VS Code's own diff editor.
import * as vscode from 'vscode';
import { COMPARE_NODE } from '../protocol';
import { shortId } from '../runText';

export interface ComparedRuns {
  readonly uri: string;
  readonly left: string;
  readonly right: string;
}

/** Opens the documents that the server writes of both; `address` is that of a node or item, such as `review[3]`. */
export async function openNodeDiff({ uri, left, right }: ComparedRuns, address: string): Promise<void> {
  const documents = await vscode.commands.executeCommand<{ readonly left: string; readonly right: string } | undefined>(
    COMPARE_NODE,
    uri,
    left,
    right,
    address,
  );
  if (documents === undefined) return;
  const [before, after] = [documents.left, documents.right].map((each) => vscode.Uri.parse(each));
  const title = `${address}: ${shortId(left)} ↔ ${shortId(right)}`;
  await vscode.commands.executeCommand('vscode.diff', before, after, title, { viewColumn: vscode.ViewColumn.One });
}
