// Types of the server's messages for views of runs (docs/protocol.md).
import type { RunSummary, Spent } from '../protocol';

/** Status of a node, or of an item. */
export type NodeStatus = 'pending' | 'running' | 'completed' | 'cached' | 'failed' | 'skipped' | 'cancelled';

/** One vertex of a run. */
export interface NodeState {
  readonly nodeId: string;
  readonly status: NodeStatus;
  readonly durationMs?: number | null;
  readonly error?: { readonly message: string } | null;
  readonly reason?: string | null;
  readonly items?: { readonly total: number; readonly ended: number } | null;
  readonly spent?: Spent | null;
}

/** Request: the state of one run. */
export const RUN_STATE = 'oe/runState';
export interface RunParams {
  readonly uri: string;
  readonly runId: string;
}
export interface RunStateResult {
  readonly run: RunSummary;
  readonly nodes: readonly NodeState[];
}

/** Request: the parts of one vertex, a page at a time. */
export const RUN_ITEMS = 'oe/runItems';
export interface RunItemsParams extends RunParams {
  readonly nodeId: string;
  readonly skipped: number;
  readonly limit: number;
}
export interface RunItem {
  readonly place: string;
  readonly status: NodeStatus;
  readonly durationMs?: number | null;
  readonly costUsd?: number | null;
  readonly error?: string | null;
  readonly reason?: string | null;
}
export interface RunItemsResult {
  readonly total: number;
  readonly items: readonly RunItem[];
}

/** Notification: runs of an experience began, advanced, ended, came or went. */
export const RUNS_CHANGED = 'oe/runsChanged';
export interface RunsChangedParams {
  readonly uri: string;
  /** Those that are running now. */
  readonly running: readonly RunSummary[];
}

/** Result of `oe.deleteRun`. */
export interface DeletedRun {
  readonly deleted: boolean;
  readonly bytes: number;
  readonly blobs: number;
  readonly pinned: boolean;
  readonly running: boolean;
  /** A kept run whose resume needs this one. */
  readonly neededBy?: string | null;
}
