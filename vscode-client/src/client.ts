// The language server process of this window: its Python interpreter, start, restart and requests.
import { join } from 'node:path';
import * as vscode from 'vscode';
import {
  CodeActionRequest,
  type CodeAction,
  ExecuteCommandRequest,
  LanguageClient,
  type Middleware,
  RevealOutputChannelOn,
  ShowMessageRequest,
  State,
  WorkDoneProgressCancelNotification,
} from 'vscode-languageclient/node';
import { pythonSources, showNoPython } from './pythonSources';
import * as protocol from './protocol';
import type { CheckedArg, DeclaredArg, RunSummary } from './protocol';
import { type Candidate, candidates, selectInterpreter, probeIn } from './pythonSelection';
import { askQuestion } from './questions';
import {
  RUN_ITEMS,
  type RunItemsParams,
  type RunItemsResult,
  type RunParams,
  RUN_STATE,
  RUNS_CHANGED,
  type RunsChangedParams,
  type RunStateResult,
} from './runsView/messages';
import { forwardLines } from './serverLog';

const LANGUAGE = 'oe-experience';

/** Callbacks of Server. */
export interface ServerListeners {
  readonly middleware: Middleware;
  onEvent(params: protocol.EventParams): void;
  /** The text of a document of the scheme `oe:` was replaced. */
  onDocumentChanged(params: protocol.DocumentParams): void;
  onRunsChanged(params: RunsChangedParams): void;
  /** Files must be saved before a run; false if one could not be. */
  onSaveFiles(params: protocol.SaveFilesParams): Promise<boolean>;
  /** Variables for engines, such as API keys. */
  environment(): Promise<Readonly<Record<string, string>>>;
  /** The server answers. */
  onStarted(): void;
  /** The server ended or is about to be replaced, and reports no more progress; or it could not start. */
  onStopped(): void;
}

/** One server process at a time. Starts and stops are queued, so that quick changes cannot leave two. */
export class Server {
  /** The interpreter that the server was started with. */
  python: string | undefined;
  private client: LanguageClient | undefined;
  private queue: Promise<void> = Promise.resolve();

  /** `home` is Python's working directory: the extension's own folder, where nobody else can put modules. */
  constructor(
    readonly home: string,
    private readonly output: vscode.LogOutputChannel,
    private readonly listeners: ServerListeners,
  ) {}

  /** Starts the server, or restarts it, with the current Python interpreter and workspace trust. */
  restart(): Promise<void> {
    void this.enqueue(() => this.stopNow());
    return this.enqueue(() => this.startNow());
  }

  /** Stops the server; runs go on without it. */
  stop(): Promise<void> {
    return this.enqueue(() => this.stopNow());
  }

  get isRunning(): boolean {
    return this.client?.state === State.Running;
  }

  /** The latest runs of one experience, newest first. */
  async runs(uri: string): Promise<readonly RunSummary[]> {
    return (await this.runsPage(uri)).runs;
  }

  /** The same, at most `limit`, and whether there are more. Rejects if the server refuses. */
  async runsPage(uri: string, limit?: number): Promise<protocol.RunsResult> {
    const params: protocol.RunsParams = limit === undefined ? { uri } : { uri, limit };
    const result = await this.client?.sendRequest<protocol.RunsResult>(protocol.RUNS, params);
    return result ?? { runs: [], hasMore: false };
  }

  /** The nodes of a run. Rejects if the server refuses. */
  async runState(params: RunParams): Promise<RunStateResult | undefined> {
    return this.client?.sendRequest<RunStateResult>(RUN_STATE, params);
  }

  /** Some parts of a node. Rejects if the server refuses. */
  async runItems(params: RunItemsParams): Promise<RunItemsResult | undefined> {
    return this.client?.sendRequest<RunItemsResult>(RUN_ITEMS, params);
  }

  /** The args that an open experience declares. */
  async args(uri: string): Promise<readonly DeclaredArg[]> {
    const params: protocol.ArgsParams = { uri };
    const result = await this.client?.sendRequest<protocol.ArgsResult>(protocol.ARGS, params);
    return result?.args ?? [];
  }

  /** The value that a person typed for an arg, and what is wrong with it. */
  async checkArg(uri: string, name: string, text: string): Promise<CheckedArg> {
    const params: protocol.CheckArgParams = { uri, name, text };
    return (await this.client?.sendRequest<CheckedArg>(protocol.CHECK_ARG, params)) ?? {};
  }

  /** The text of a document of the scheme `oe:`; rejects if it is not known. */
  async document(uri: string): Promise<string> {
    const params: protocol.DocumentParams = { uri };
    const result = await this.client?.sendRequest<protocol.DocumentResult>(protocol.DOCUMENT, params);
    return result?.text ?? '';
  }

  /** What can be done at a position of an experience; an action that cannot be done now says why. */
  async actionsAt(uri: string, position: vscode.Position): Promise<readonly CodeAction[]> {
    const place = { line: position.line, character: position.character };
    const found = await this.client?.sendRequest(CodeActionRequest.type, {
      textDocument: { uri },
      range: { start: place, end: place },
      context: { diagnostics: [] },
    });
    return (found ?? []).filter((action): action is CodeAction => typeof action.command !== 'string');
  }

  /** Executes a command of the server. Rejects with its refusal, which nobody shows. */
  async execute<Result>(command: string, args: readonly unknown[]): Promise<Result> {
    if (this.client === undefined) throw new Error('The oe language server is not running.');
    return (await this.client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [...args] })) as Result;
  }

  /** Cancels a run; its end arrives as progress. */
  cancelProgress(runId: string): void {
    void this.client?.sendNotification(WorkDoneProgressCancelNotification.type, { token: protocol.tokenOfRun(runId) });
  }

  /** Shows the server's output channel. */
  showOutput(): void {
    this.output.show();
  }

  // A step that fails is logged; the next one still runs.
  private enqueue(step: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(step).catch((error: unknown) => {
      this.output.error(error instanceof Error ? error : String(error));
    });
    return this.queue;
  }

  private async startNow(): Promise<void> {
    const selection = await selectInterpreter(candidates(await pythonSources()), probeIn(this.home));
    if (!selection.found) {
      this.listeners.onStopped();
      void showNoPython(selection.rejected, this.output, vscode.Uri.file(join(this.home, 'INSTALL.md')));
      return;
    }
    const { candidate, version, serverVersion } = selection;
    this.output.info(`Using Python ${version} at ${candidate.command} with oe-lsp ${serverVersion}`);
    this.python = candidate.command;
    const client = this.createClient(candidate, await this.listeners.environment());
    this.client = client;
    client.onNotification(protocol.EVENT, (params: protocol.EventParams) => {
      this.listeners.onEvent(params);
    });
    client.onNotification(protocol.DOCUMENT_CHANGED, (params: protocol.DocumentParams) => {
      this.listeners.onDocumentChanged(params);
    });
    client.onNotification(RUNS_CHANGED, (params: RunsChangedParams) => {
      this.listeners.onRunsChanged(params);
    });
    client.onRequest(ShowMessageRequest.type, askQuestion);
    client.onRequest(protocol.SAVE_FILES, (params: protocol.SaveFilesParams) => this.listeners.onSaveFiles(params));
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped) this.listeners.onStopped();
    });
    await client.start();
    this.listeners.onStarted();
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // A client that never started has nothing to stop, and would throw.
    if (client?.isRunning()) await client.dispose();
  }

  private createClient(python: Candidate, env: Readonly<Record<string, string>>): LanguageClient {
    return new LanguageClient(
      'oe',
      'oe language server',
      { command: python.command, args: ['-m', 'oe_lsp.server'], options: { cwd: this.home, env: { ...process.env, ...env } } },
      {
        documentSelector: [{ language: LANGUAGE }],
        outputChannel: this.output,
        // stdout carries the protocol; the library wants handlers for both streams or none.
        stdioOptions: { stdout: () => undefined, stderr: forwardLines },
        // A failed command shows its own message; a failed background request belongs in the output only.
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        // Pushed on every change, so that the server need not ask.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        synchronize: { configurationSection: 'oe' },
        initializationOptions: {
          trusted: vscode.workspace.isTrusted,
          oeEvents: true,
          runsChanged: true,
          embedsPages: true,
          showsCommandErrors: true,
          notifiesRunEnd: true,
          virtualDocuments: true,
          savesFiles: true,
          copiesText: true,
          settings: vscode.workspace.getConfiguration('oe'),
        },
        middleware: this.listeners.middleware,
      },
    );
  }
}
