// The tree of the Runs view: experiences, their runs, the nodes of a run, and the items of a node.
import * as vscode from 'vscode';
import {
  type Element,
  type ExperienceElement,
  type ItemElement,
  keyOf,
  type MoreElement,
  type NodeElement,
  type NoteElement,
  runContext,
  type RunElement,
} from './elements';
import type { RunsModel } from './runsModel';
import { itemRow, nodeRow, type Row, runRow } from './treeText';

const HAS_EXPERIENCES = 'oe.hasExperiences';

/** Feeds the view from the model. Lists are asked for when they are opened, a page at a time. */
export class RunsTree implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Element | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly subscription: vscode.Disposable;
  private isEmpty = true;

  constructor(private readonly model: RunsModel) {
    this.subscription = model.onDidChange((experience) => {
      // An empty view shows what to do first; the first run replaces that.
      this.changed.fire(this.isEmpty ? undefined : experience);
    });
  }

  async getChildren(element?: Element): Promise<Element[]> {
    switch (element?.kind) {
      case undefined:
        return this.roots();
      case 'experience':
        return explained(element, () => this.runs(element));
      case 'run':
        return explained(element, () => this.nodes(element));
      case 'node':
        return explained(element, () => this.items(element));
      default:
        return [];
    }
  }

  getTreeItem(element: Element): vscode.TreeItem {
    const item = treeItem(element);
    item.id = keyOf(element);
    return item;
  }

  getParent(element: Element): Element | undefined {
    return element.kind === 'experience' ? undefined : element.parent;
  }

  dispose(): void {
    this.subscription.dispose();
    this.changed.dispose();
  }

  /** None while there are no runs at all: then the view says how to begin. */
  private async roots(): Promise<Element[]> {
    const experiences = await this.model.experiences();
    void vscode.commands.executeCommand('setContext', HAS_EXPERIENCES, experiences.length > 0);
    const lists = await Promise.all(experiences.map((each) => this.model.runsOf(each).catch(() => undefined)));
    const anyRuns = this.model.statuses.size > 0 || lists.some((list) => list === undefined || list.runs.length > 0);
    this.isEmpty = !anyRuns;
    return anyRuns ? [...experiences] : [];
  }

  private async runs(parent: ExperienceElement): Promise<Element[]> {
    const { runs, hasMore } = await this.model.runsOf(parent);
    const rows: Element[] = runs.map((run): RunElement => ({ kind: 'run', parent, uri: parent.uri, run }));
    if (hasMore) rows.push(more(parent));
    if (rows.length > 0) return rows;
    return [note(parent, this.model.statuses.size > 0 ? 'No run passes the filter' : 'No runs yet', 'info')];
  }

  private async nodes(parent: RunElement): Promise<Element[]> {
    return (await this.model.nodesOf(parent)).map((node): NodeElement => ({ kind: 'node', parent, node }));
  }

  private async items(parent: NodeElement): Promise<Element[]> {
    const { items, total } = await this.model.itemsOf(parent);
    const rows: Element[] = items.map((item): ItemElement => ({ kind: 'item', parent, item }));
    return items.length < total ? [...rows, more(parent)] : rows;
  }
}

/** What `read` gives, or a row that says why it cannot be read. */
async function explained(parent: NoteElement['parent'], read: () => Promise<Element[]>): Promise<Element[]> {
  try {
    return await read();
  } catch (error) {
    return [note(parent, error instanceof Error ? error.message : String(error), 'warning')];
  }
}

function more(parent: MoreElement['parent']): MoreElement {
  return { kind: 'more', parent };
}

function note(parent: NoteElement['parent'], text: string, icon: string): NoteElement {
  return { kind: 'note', parent, text, icon };
}

function treeItem(element: Element): vscode.TreeItem {
  const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
  switch (element.kind) {
    case 'experience':
      return experienceItem(element.uri, Expanded);
    case 'run':
      return rowItem(runRow(element.run, new Date()), Collapsed, runContext(element.run));
    case 'node': {
      const { node, parent } = element;
      const item = rowItem(nodeRow(node, parent.run.status === 'running'), node.items ? Collapsed : None, 'node');
      item.command = { command: 'oe.revealNode', title: 'Show in the text', arguments: [element] };
      return item;
    }
    case 'item':
      return rowItem(itemRow(element.item, element.parent.parent.run.status === 'running'), None, 'item');
    case 'more': {
      const item = new vscode.TreeItem('Show more', None);
      item.iconPath = new vscode.ThemeIcon('ellipsis');
      item.command = { command: 'oe.showMore', title: 'Show more', arguments: [element] };
      return item;
    }
    case 'note': {
      const item = new vscode.TreeItem(element.text, None);
      item.iconPath = new vscode.ThemeIcon(element.icon);
      item.tooltip = element.text;
      return item;
    }
  }
}

function experienceItem(uri: string, state: vscode.TreeItemCollapsibleState): vscode.TreeItem {
  const file = vscode.Uri.parse(uri);
  const path = vscode.workspace.asRelativePath(file);
  const folder = vscode.Uri.joinPath(file, '..');
  const item = new vscode.TreeItem(folder.path.slice(folder.path.lastIndexOf('/') + 1), state);
  item.description = path;
  item.tooltip = file.fsPath;
  item.iconPath = new vscode.ThemeIcon('type-hierarchy');
  item.contextValue = 'experience';
  item.accessibilityInformation = { label: `Experience ${path}` };
  return item;
}

function rowItem(row: Row, state: vscode.TreeItemCollapsibleState, context: string): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label, state);
  item.description = row.description;
  item.tooltip = row.tooltip;
  item.iconPath = new vscode.ThemeIcon(row.icon, row.color === undefined ? undefined : new vscode.ThemeColor(row.color));
  item.contextValue = context;
  item.accessibilityInformation = { label: row.spoken };
  return item;
}
