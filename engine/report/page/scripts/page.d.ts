// What the scripts of a page share; for the type checker alone.

interface Patch {
  seq: number;
  elements: Record<string, string>;
}

/** Moves and zooms the drawings of graphs (viewport.js); `view` is the frame around one. */
interface Viewport {
  keep(view: HTMLElement): void;
  fit(view: HTMLElement): void;
  /** Zooms around a point of the frame, its middle unless given. */
  zoom(view: HTMLElement, factor: number, x?: number, y?: number): void;
  pan(view: HTMLElement, right: number, down: number): void;
  /** Moves as far as needed for a box to be seen. */
  reveal(view: HTMLElement, box: Element): void;
  goTo(view: HTMLElement, box: Element): void;
  /** After a change of the width of the frame. */
  resized(view: HTMLElement): void;
  /** The middle of a box within its drawing. */
  placeOf(box: Element): DOMPoint | null;
}

interface OePage {
  /** Replaces elements by id, keeping what is open, focused and scrolled; those not on the page are left out. */
  replace(patch: Patch): void;
  /** Calls `fn` after each patch with the ids that were replaced. */
  onReplaced(fn: (ids: string[]) => void): void;
  /** Selects a node everywhere on the page; null selects none. */
  select(nodeId: string | null): void;
  /** Calls `fn` when another node is selected. */
  onSelected(fn: (nodeId: string | null) => void): void;
  /** The id of the selected node. */
  selected(): string | null;
  /** Opens the details of a node and scrolls to them. */
  open(nodeId: string): void;
  /** Shows the search, or searches for `text`. */
  find(text?: string): void;
  /** Says something to screen readers, and briefly on the page. */
  announce(text: string): void;
  /** Shows what a resume would do over the graph; null takes it away. */
  showPlan?(plan: unknown): void;
  /** An editor that shows the page, and carries out what its buttons ask for (embedded.js). */
  embedder?: Embedder;
  viewport?: Viewport;
}

interface Embedder {
  /** `url` is that of a run. */
  resume(url: string, options: Record<string, string>): void;
  cancel(url: string): void;
  copy(text: string): void;
}

interface Window {
  oePage: OePage;
}
