// The notification of one run that goes on: a bar, where it stands, and Cancel.
import * as vscode from 'vscode';

// VS Code keeps a notification up for a while once it is shown; a run that ends at once should not raise one.
const APPEARS_AFTER_MS = 400;

/** Appears a moment after construction, unless `close` comes first. */
export class ProgressNotification {
  private readonly appearing: NodeJS.Timeout;
  private progress: vscode.Progress<{ message?: string; increment?: number }> | undefined;
  private resolve: (() => void) | undefined;
  private message = '';
  private percentage = 0;
  private shownPercentage = 0;

  constructor(title: string, cancel: () => void) {
    this.appearing = setTimeout(() => {
      this.appear(title, cancel);
    }, APPEARS_AFTER_MS);
  }

  /** `percentage` is that of the whole; the bar never goes back. */
  report(message: string, percentage: number): void {
    this.message = message;
    this.percentage = percentage;
    this.show();
  }

  close(): void {
    clearTimeout(this.appearing);
    this.resolve?.();
  }

  private appear(title: string, cancel: () => void): void {
    const closed = new Promise<void>((resolve) => {
      this.resolve = resolve;
    });
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    void vscode.window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(cancel);
      this.progress = progress;
      this.show();
      return closed;
    });
  }

  private show(): void {
    if (this.progress === undefined) return;
    const increment = Math.max(0, this.percentage - this.shownPercentage);
    this.shownPercentage += increment;
    this.progress.report({ message: this.message, increment });
  }
}
