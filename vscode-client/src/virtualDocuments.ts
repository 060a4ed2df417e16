// Documents of the scheme `oe:`, such as plans and prompts: the server has their texts, and nobody can edit them.
import * as vscode from 'vscode';
import type { WindowMiddleware } from 'vscode-languageclient/node';
import type { Server } from './client';
import type { DocumentParams } from './protocol';

const SCHEME = 'oe';
const MARKDOWN_EXTENSION = 'vscode.markdown-language-features';

/** Provides the texts, and shows them as rendered Markdown beside the experience. */
export class VirtualDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  readonly onDidChange = this.changed.event;
  server: Server | undefined;

  readonly showDocument: NonNullable<WindowMiddleware['showDocument']> = async (params, token, next) => {
    const uri = vscode.Uri.parse(params.uri);
    if (uri.scheme !== SCHEME) return next(params, token);
    await show(uri);
    return { success: true };
  };

  onDocumentChanged({ uri }: DocumentParams): void {
    this.changed.fire(vscode.Uri.parse(uri));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    try {
      return (await this.server?.document(uri.toString(true))) ?? '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}

async function show(uri: vscode.Uri): Promise<void> {
  // Its commands exist once it is activated, which they do themselves.
  if (vscode.extensions.getExtension(MARKDOWN_EXTENSION) !== undefined) {
    await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
  } else {
    await vscode.window.showTextDocument(uri, { preview: true, viewColumn: vscode.ViewColumn.Beside });
  }
}
