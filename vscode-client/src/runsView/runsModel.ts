// What the Runs view knows: the experiences of the workspace, and pages of their runs, nodes and items.
import * as vscode from 'vscode';
import { EXPERIENCE_FILES, NOT_SOURCES } from '../experiences';
import type { Server } from '../client';
import type { RunStatus, RunsResult, RunSummary } from '../protocol';
import type { ExperienceElement, NodeElement, RunElement } from './elements';
import type { NodeState, RunItemsResult, RunsChangedParams } from './messages';

const RUNS_A_PAGE = 50;
const ITEMS_A_PAGE = 100;

/** Asks the server for what is shown, once, until it changes. Everything else stays in the server. */
export class RunsModel implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ExperienceElement | undefined>();
  /** The experience whose rows are out of date; undefined for all. */
  readonly onDidChange = this.changed.event;

  private readonly runningChanged = new vscode.EventEmitter<void>();
  /** What is running has changed, or how far it is. */
  readonly onDidChangeRunning = this.runningChanged.event;

  private readonly elements = new Map<string, ExperienceElement>();
  private readonly runs = new Map<string, Promise<RunsResult>>();
  private readonly nodes = new Map<string, Promise<readonly NodeState[]>>();
  private readonly shownRuns = new Map<string, number>();
  private readonly shownItems = new Map<string, number>();
  private readonly running = new Map<string, readonly RunSummary[]>();
  private filter: ReadonlySet<RunStatus> = new Set();
  private readonly watcher = vscode.workspace.createFileSystemWatcher(EXPERIENCE_FILES, false, true, false);
  private readonly subscriptions = [
    this.watcher.onDidCreate(() => {
      this.changed.fire(undefined);
    }),
    this.watcher.onDidDelete(() => {
      this.changed.fire(undefined);
    }),
  ];

  constructor(private readonly server: Server) {}

  /** The statuses that are shown; all if there is none. */
  get statuses(): ReadonlySet<RunStatus> {
    return this.filter;
  }

  set statuses(statuses: ReadonlySet<RunStatus>) {
    this.filter = statuses;
    this.changed.fire(undefined);
  }

  /** The experiences of the workspace, by path. */
  async experiences(): Promise<readonly ExperienceElement[]> {
    const found = await vscode.workspace.findFiles(EXPERIENCE_FILES, NOT_SOURCES);
    return found.map(String).sort().map((uri) => this.experience(uri));
  }

  /** A page of the runs of an experience that pass the filter. */
  async runsOf({ uri }: ExperienceElement): Promise<RunsResult> {
    const known = this.runs.get(uri) ?? this.server.runsPage(uri, this.shownRuns.get(uri) ?? RUNS_A_PAGE);
    this.runs.set(uri, known);
    const { runs, hasMore } = await known;
    return { runs: runs.filter((run) => this.filter.size === 0 || this.filter.has(run.status)), hasMore };
  }

  /** The nodes of a run; those of one that has ended are asked for once. */
  nodesOf({ uri, run }: RunElement): Promise<readonly NodeState[]> {
    const key = `${run.runId} ${run.status}`;
    const known = this.nodes.get(key) ?? this.server.runState({ uri, runId: run.runId }).then((state) => state?.nodes ?? []);
    if (run.status !== 'running') this.nodes.set(key, known);
    known.catch(() => this.nodes.delete(key));
    return known;
  }

  /** A page of the parts of a node. */
  async itemsOf({ parent, node }: NodeElement): Promise<RunItemsResult> {
    const { uri, run } = parent;
    const limit = this.shownItems.get(run.runId + node.nodeId) ?? ITEMS_A_PAGE;
    let total = 0;
    const items = [];
    // The server gives at most some hundreds at once.
    do {
      const params = { uri, runId: run.runId, nodeId: node.nodeId, skipped: items.length, limit: ITEMS_A_PAGE };
      const page = await this.server.runItems(params);
      if (page === undefined || page.items.length === 0) break;
      items.push(...page.items);
      total = page.total;
    } while (items.length < Math.min(limit, total));
    return { items, total };
  }

  /** Loads one more page of a list. */
  showMore(parent: ExperienceElement | NodeElement): void {
    if (parent.kind === 'experience') {
      const now = this.shownRuns.get(parent.uri) ?? RUNS_A_PAGE;
      this.shownRuns.set(parent.uri, now + 4 * RUNS_A_PAGE);
      this.forget(parent.uri);
    } else {
      const key = parent.parent.run.runId + parent.node.nodeId;
      this.shownItems.set(key, (this.shownItems.get(key) ?? ITEMS_A_PAGE) + ITEMS_A_PAGE);
      this.changed.fire(parent.parent.parent);
    }
  }

  /** What the server reports. */
  update({ uri, running }: RunsChangedParams): void {
    this.running.set(uri, running);
    this.runningChanged.fire();
    void this.reload(uri, running.length > 0);
  }

  /** What is running, in all experiences. */
  allRunning(): readonly { readonly uri: string; readonly run: RunSummary }[] {
    return [...this.running].flatMap(([uri, runs]) => runs.map((run) => ({ uri, run })));
  }

  /** Forgets everything that was read. */
  refresh(): void {
    this.runs.clear();
    this.nodes.clear();
    this.changed.fire(undefined);
  }

  /** As `refresh`, of a server that is gone. */
  clear(): void {
    this.running.clear();
    this.runningChanged.fire();
    this.refresh();
  }

  dispose(): void {
    for (const each of [this.watcher, ...this.subscriptions, this.changed, this.runningChanged]) each.dispose();
  }

  private experience(uri: string): ExperienceElement {
    const known = this.elements.get(uri) ?? { kind: 'experience', uri };
    this.elements.set(uri, known);
    return known;
  }

  /** Rows that stay the same are left alone: a row that is drawn again loses the click that is under way on it. */
  private async reload(uri: string, isRunning: boolean): Promise<void> {
    const before = this.runs.get(uri);
    if (before !== undefined) {
      const asked = this.server.runsPage(uri, this.shownRuns.get(uri) ?? RUNS_A_PAGE);
      this.runs.set(uri, asked);
      const [old, now] = await Promise.allSettled([before, asked]);
      if (!isRunning && JSON.stringify(old) === JSON.stringify(now)) return;
    }
    this.changed.fire(this.experience(uri));
  }

  private forget(uri: string): void {
    this.runs.delete(uri);
    this.changed.fire(this.experience(uri));
  }
}
