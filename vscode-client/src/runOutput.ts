// The output channel "Experience runs": one line for each event of every followed run.
import * as vscode from 'vscode';
import { eventLine } from './eventLine';
import type { EventParams } from './protocol';

/** Owns the output channel. */
export class RunOutput implements vscode.Disposable {
  private readonly channel = vscode.window.createOutputChannel('Experience runs', 'log');

  append({ event }: EventParams): void {
    this.channel.appendLine(eventLine(event));
  }

  show(): void {
    this.channel.show(true);
  }

  dispose(): void {
    this.channel.dispose();
  }
}
