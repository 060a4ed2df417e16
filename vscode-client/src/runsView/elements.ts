// The rows of the Runs view as data. Each has a stable key, so that the view keeps what is open and selected.
import type { RunSummary } from '../protocol';
import type { NodeState, RunItem } from './messages';

/** An experience.yaml of the workspace. One object for each, however often its runs change. */
export interface ExperienceElement {
  readonly kind: 'experience';
  readonly uri: string;
}

export interface RunElement {
  readonly kind: 'run';
  readonly parent: ExperienceElement;
  readonly uri: string;
  readonly run: RunSummary;
}

export interface NodeElement {
  readonly kind: 'node';
  readonly parent: RunElement;
  readonly node: NodeState;
}

export interface ItemElement {
  readonly kind: 'item';
  readonly parent: NodeElement;
  readonly item: RunItem;
}

/** The last row of a list that has more: a click loads the next page. */
export interface MoreElement {
  readonly kind: 'more';
  readonly parent: ExperienceElement | NodeElement;
}

/** A row that only says something, such as why there is nothing here. */
export interface NoteElement {
  readonly kind: 'note';
  readonly parent: ExperienceElement | RunElement | NodeElement;
  readonly text: string;
  readonly icon: string;
}

export type Element = ExperienceElement | RunElement | NodeElement | ItemElement | MoreElement | NoteElement;

/** Its key: the same for the same experience, run, node and item, whatever has become of them. */
export function keyOf(element: Element): string {
  switch (element.kind) {
    case 'experience':
      return element.uri;
    case 'run':
      return `${element.uri}#${element.run.runId}`;
    case 'node':
      return `${keyOf(element.parent)}/${element.node.nodeId}`;
    case 'item':
      return `${keyOf(element.parent)}/${element.item.place}`;
    case 'more':
      return `${keyOf(element.parent)}+`;
    case 'note':
      return `${keyOf(element.parent)}?`;
  }
}

/** What can be done with a run, as words for the `when` of menus: `run ended pinned resumed`. */
export function runContext(run: RunSummary): string {
  const words = [
    'run',
    run.status === 'running' ? 'running' : 'ended',
    run.pinned ? 'pinned' : 'unpinned',
    run.originalRunId ? 'hasOriginal' : '',
    run.status !== 'running' && !run.kind ? 'resumable' : '',
  ];
  return words.filter((word) => word !== '').join(' ');
}
