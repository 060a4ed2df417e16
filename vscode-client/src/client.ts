// The language server as this window sees it: finding its Python, starting, restarting and asking it.
import * as vscode from 'vscode';
import {
  LanguageClient,
  type Middleware,
  RevealOutputChannelOn,
  State,
  WorkDoneProgressCancelNotification,
} from 'vscode-languageclient/node';
import { pythonSources, reportNoPython } from './pythonSources';
import { EVENT, type EventParams, RUNS, type RunSummary, type RunsParams, type RunsResult, tokenOfRun } from './protocol';
import { type Candidate, candidates, choosePython, probeIn } from './pythonSelection';
import { forwardLines } from './serverLog';

const LANGUAGE = 'oe-experience';

/** What the rest of the extension wants to hear from the server. */
export interface ServerListeners {
  readonly middleware: Middleware;
  onEvent(params: EventParams): void;
  /** The server ended, or is about to be replaced; what it had under way is no longer reported. */
  onStopped(): void;
}

/** One server process at a time. Starting and stopping are queued, so that quick changes cannot leave two. */
export class Server {
  private client: LanguageClient | undefined;
  private queue: Promise<void> = Promise.resolve();

  /** `home` is the folder in which Python starts: the extension's own, where nobody else can put modules. */
  constructor(
    private readonly home: string,
    private readonly output: vscode.LogOutputChannel,
    private readonly listeners: ServerListeners,
  ) {}

  /** Starts the server, or replaces the one that runs, with the Python and the trust of now. */
  restart(): Promise<void> {
    void this.enqueue(() => this.stopNow());
    return this.enqueue(() => this.startNow());
  }

  /** Ends the server; runs go on without it. */
  stop(): Promise<void> {
    return this.enqueue(() => this.stopNow());
  }

  get isRunning(): boolean {
    return this.client?.state === State.Running;
  }

  /** The runs of one experience, newest first. */
  async runs(uri: string): Promise<readonly RunSummary[]> {
    const params: RunsParams = { uri };
    const result = await this.client?.sendRequest<RunsResult>(RUNS, params);
    return result?.runs ?? [];
  }

  /** Asks for a run's end; it ends gracefully, and the log tells. */
  cancelProgress(runId: string): void {
    void this.client?.sendNotification(WorkDoneProgressCancelNotification.type, { token: tokenOfRun(runId) });
  }

  /** Shows what the server said about itself. */
  showOutput(): void {
    this.output.show();
  }

  // A step that fails is logged, and does not keep the next one from its turn.
  private enqueue(step: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(step).catch((error: unknown) => {
      this.output.error(error instanceof Error ? error : String(error));
    });
    return this.queue;
  }

  private async startNow(): Promise<void> {
    const choice = await choosePython(candidates(await pythonSources()), probeIn(this.home));
    if (!choice.found) {
      void reportNoPython(choice.attempts, this.output);
      return;
    }
    const { candidate, version, serverVersion } = choice;
    this.output.info(`Python ${version} at ${candidate.command}, oe-lsp ${serverVersion}`);
    const client = this.createClient(candidate);
    this.client = client;
    client.onNotification(EVENT, (params: EventParams) => {
      this.listeners.onEvent(params);
    });
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped) this.listeners.onStopped();
    });
    await client.start();
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // One that never came up has nothing to stop, and would answer with an error.
    if (client?.isRunning()) await client.dispose();
  }

  private createClient(python: Candidate): LanguageClient {
    return new LanguageClient(
      'oe',
      'oe language server',
      { command: python.command, args: ['-m', 'oe_lsp.server'], options: { cwd: this.home } },
      {
        documentSelector: [{ language: LANGUAGE }],
        outputChannel: this.output,
        // stdout is the protocol itself; the library asks for both or none.
        stdioOptions: { stdout: () => undefined, stderr: forwardLines },
        // A refused command is shown by its own message; a failed background request is for the output.
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        // Pushed on every change, so that the server need not register for it and ask.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        synchronize: { configurationSection: 'oe' },
        initializationOptions: {
          trusted: vscode.workspace.isTrusted,
          oeEvents: true,
          settings: vscode.workspace.getConfiguration('oe'),
        },
        middleware: this.listeners.middleware,
      },
    );
  }
}
