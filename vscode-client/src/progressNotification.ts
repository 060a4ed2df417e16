// The progress notification of one run, with a Cancel button.
import * as vscode from 'vscode';

// VS Code keeps a shown notification for a while, so a run that ends at once should not raise one.
const DELAY_MS = 400;

/** Appears 400 ms after construction, unless closed before. */
export class ProgressNotification {
  private readonly timer: NodeJS.Timeout;
  private progress: vscode.Progress<{ message?: string; increment?: number }> | undefined;
  private resolve: (() => void) | undefined;
  private message = '';
  private percentage = 0;
  private shownPercentage = 0;

  constructor(title: string, cancel: () => void) {
    this.timer = setTimeout(() => {
      this.appear(title, cancel);
    }, DELAY_MS);
  }

  /** `percentage` is the total so far, 0 to 100; the bar never goes back. */
  report(message: string, percentage: number): void {
    this.message = message;
    this.percentage = percentage;
    this.show();
  }

  close(): void {
    clearTimeout(this.timer);
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
