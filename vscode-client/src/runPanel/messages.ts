// What the page in the panel says, and what it is told (engine/report/page/scripts/embedded.js).

/** From the page, by way of webview/panel.js. */
export type PageMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'retry' }
  | { readonly type: 'selected'; readonly nodeId: string | null }
  | { readonly type: 'resume'; readonly runId: string; readonly options: Readonly<Record<string, unknown>> }
  | { readonly type: 'cancel'; readonly runId: string }
  | { readonly type: 'copy'; readonly text: string }
  /** What a node did in both runs that the page compares. */
  | { readonly type: 'diff'; readonly address: string };

const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The message, if it is one: a page shows what strangers wrote, so nothing of it is taken on trust. */
export function readPageMessage(given: unknown): PageMessage | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { type, nodeId, runId, options, text, address } = given as Record<string, unknown>;
  switch (type) {
    case 'ready':
    case 'retry':
      return { type };
    case 'selected':
      return typeof nodeId === 'string' || nodeId === null ? { type, nodeId } : undefined;
    case 'resume':
      return isRunId(runId) && typeof options === 'object' && options !== null
        ? { type, runId, options: { ...options } }
        : undefined;
    case 'cancel':
      return isRunId(runId) ? { type, runId } : undefined;
    case 'diff':
      return typeof address === 'string' ? { type, address } : undefined;
    case 'copy':
      return typeof text === 'string' ? { type, text } : undefined;
    default:
      return undefined;
  }
}

function isRunId(value: unknown): value is string {
  return typeof value === 'string' && RUN_ID.test(value);
}
