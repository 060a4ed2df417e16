// Types of the server's custom messages (docs/protocol.md).

/** Status of a run. All but `running` can be resumed. */
export type RunStatus = 'success' | 'failure' | 'cancelled' | 'waiting' | 'running' | 'interrupted';

/** Number of nodes of a run by outcome. */
export interface RunCounts {
  readonly cached: number;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
}

/** One run, read from its log. Times are ISO 8601 in UTC; `logUri` is the .jsonl file. */
export interface RunSummary {
  readonly runId: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly finishedAt?: string | null;
  readonly durationMs?: number | null;
  readonly counts: RunCounts;
  readonly total?: number | null;
  /** So far; no `costUsd` if a price is unknown. */
  readonly spent: Spent;
  /** The name of the experience. */
  readonly name: string;
  /** A prune keeps it. */
  readonly pinned: boolean;
  readonly failedAt?: string | null;
  readonly reason?: string | null;
  readonly originalRunId?: string | null;
  /** `isolated`: the run of the node `address` alone, on what it had received in the original run. */
  readonly kind?: string | null;
  readonly address?: string | null;
  /** Failed items of fan-outs that completed (`on_item_error: continue`). */
  readonly failedItems?: { readonly failed: number; readonly total: number } | null;
  readonly logUri: string;
}

/** What was paid. */
export interface Spent {
  readonly costUsd?: number | null;
  readonly tokensIn: number;
  readonly tokensOut: number;
}

/** Request: the latest runs of one experience, newest first. */
export const RUNS = 'oe/runs';
export interface RunsParams {
  readonly uri: string;
  readonly limit?: number;
}
export interface RunsResult {
  readonly runs: readonly RunSummary[];
  readonly hasMore: boolean;
}

/** Notification: one line of a followed run's log; values over 2 KiB are elided. */
export const EVENT = 'oe/event';
export interface EventParams {
  readonly uri: string;
  readonly runId: string;
  readonly event: RunEvent;
}

/** What a node ran inside; a list of them goes from the outermost inwards. */
export interface Scope {
  readonly kind: 'experience' | 'pipeline' | 'loop' | 'fanout';
  readonly id: string;
  readonly item?: { readonly index: number; readonly key: string };
  readonly iteration?: number;
}

/** The fields of a log event that this client shows. `type` is open: later servers add types. */
export interface RunEvent {
  readonly type: string;
  readonly ts: string;
  readonly runId: string;
  readonly nodeId?: string;
  readonly scope?: readonly Scope[];
  readonly originalRunId?: string | null;
  readonly durationMs?: number;
  readonly metrics?: { readonly costUsd?: number | null } | null;
  readonly spent?: { readonly costUsd?: number | null };
  readonly counts?: Partial<RunCounts>;
  readonly error?: { readonly type?: string; readonly message: string };
  readonly attempt?: number;
  readonly waitMs?: number;
  readonly reason?: string | null;
  readonly message?: string;
  readonly activity?: string;
  readonly tokensIn?: number;
  readonly tokensOut?: number;
  readonly status?: RunStatus;
}

/** Any value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Request: the args that an open experience declares. */
export const ARGS = 'oe/args';
export interface ArgsParams {
  readonly uri: string;
}
export interface ArgsResult {
  readonly args: readonly DeclaredArg[];
}

/** One declared arg; `last` is its value in the newest run. Secrets have neither `default` nor `last`. */
export interface DeclaredArg {
  readonly name: string;
  readonly schema: Readonly<Record<string, Json>>;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  readonly default?: Json;
  readonly last?: Json;
}

/** Request: the value that a typed text stands for, and what is wrong with it. */
export const CHECK_ARG = 'oe/checkArg';
export interface CheckArgParams {
  readonly uri: string;
  readonly name: string;
  readonly text: string;
}
export interface CheckedArg {
  readonly value?: Json;
  readonly problem?: string;
}

/** Request: the text of a document of the scheme `oe:`; notification: it was replaced. */
export const DOCUMENT = 'oe/document';
export const DOCUMENT_CHANGED = 'oe/documentChanged';
export interface DocumentParams {
  readonly uri: string;
}
export interface DocumentResult {
  readonly text: string;
}

/** Request from the server: save these files before a run; true if nothing of it is unsaved then. */
export const SAVE_FILES = 'oe/saveFiles';
export interface SaveFilesParams {
  readonly uris: readonly string[];
}

/** `data` of the code actions on a node. */
export interface NodeActionData {
  readonly kind: 'resume' | 'copy' | 'preview';
  readonly option: string;
  readonly nodeId: string;
}

/** The server's commands, which lenses and palette commands execute. */
export const RUN_EXPERIENCE = 'oe.runExperience';
export const RESUME_RUN = 'oe.resumeRun';
export const CANCEL_RUN = 'oe.cancelRun';
export const SHOW_RUN = 'oe.showRun';
export const SHOW_PLAN = 'oe.showPlan';
export const SHOW_FAILURE = 'oe.showFailure';
export const COPY_COMMAND = 'oe.copyCommand';
export const DELETE_RUN = 'oe.deleteRun';
export const PIN_RUN = 'oe.pinRun';
export const OPEN_RUN_PAGE = 'oe.openRunPage';
export const COMPARE_RUNS = 'oe.compareRuns';
export const COMPARE_NODE = 'oe.compareNode';

/** Result of `oe.copyCommand`: a command line for a shell. */
export interface CopiedCommand {
  readonly text: string;
}

/** Options of `oe.runExperience` that this client sets. */
export interface RunOptions {
  readonly args?: Readonly<Record<string, Json>>;
}

/** Result of `oe.runExperience` and `oe.resumeRun`, sent once `run.started` is on disk. */
export interface StartedRun {
  readonly runId: string;
}

const RUN_TOKEN = 'oe/run/';

/** The work-done progress token of a run. */
export function tokenOfRun(runId: string): string {
  return RUN_TOKEN + runId;
}

/** The run id in a work-done progress token, or undefined for any other token. */
export function runOfToken(token: string | number): string | undefined {
  return typeof token === 'string' && token.startsWith(RUN_TOKEN) ? token.slice(RUN_TOKEN.length) : undefined;
}
