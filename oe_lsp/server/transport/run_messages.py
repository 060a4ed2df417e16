"""Runs as custom messages."""

from __future__ import annotations

from engine.log.events.events import ErrorInfo, Sums
from engine.log.reading.summary import RunState, RunSummary
from engine.log.reading.view import NodeView, RunView
from engine.log.storage.run_store import RunStore
from oe_lsp.server.transport import custom_messages as messages
from oe_lsp.server.transport.uris import path_of, uri_of


def run_message(run: RunSummary, uri: str, *, pinned: bool) -> messages.RunSummary:
    """A run of the experience at `uri`."""
    path = path_of(uri)
    ended = run.state not in (RunState.RUNNING, RunState.INTERRUPTED)
    items = run.failed_items
    return messages.RunSummary(
        run_id=run.run_id,
        status=run.state.value,
        started_at=messages.timestamp(run.started_at),
        counts=messages.Counts(
            cached=run.counts.cached,
            completed=run.counts.completed,
            failed=run.counts.failed,
            skipped=run.counts.skipped,
            cancelled=run.counts.cancelled,
        ),
        total=run.total,
        spent=_spent(run.spent),
        name=run.experience,
        pinned=pinned,
        log_uri="" if path is None else uri_of(RunStore(path.parent).log(run.run_id)),
        finished_at=messages.timestamp(run.last_event_at) if ended else None,
        duration_ms=run.duration_ms,
        failed_at=run.failed_at,
        reason=run.reason,
        original_run_id=run.original_run_id,
        kind=run.kind,
        address=run.address,
        failed_items=messages.FailedItems(items.failed, items.total) if items.failed else None,
    )


def run_state_message(run: RunSummary, view: RunView, uri: str, *, pinned: bool) -> messages.RunStateResult:
    """The state of a run, with its nodes in the graph's order."""
    nodes = [_node(node) for node in view.nodes.values()]
    return messages.RunStateResult(run_message(run, uri, pinned=pinned), view.seq, nodes, list(view.warnings))


def _node(node: NodeView) -> messages.NodeState:
    return messages.NodeState(
        node_id=node.node_id,
        status=node.effective_status().value,
        duration_ms=node.duration_ms,
        error=_error(node.error),
        reason=node.reason,
        items=None if node.items is None else messages.Items(node.items, node.items_ended),
        spent=_spent(node.spent) if node.spent != Sums() else None,
    )


def _spent(sums: Sums) -> messages.Spent:
    return messages.Spent(sums.cost_usd, sums.tokens_in, sums.tokens_out)


def _error(error: ErrorInfo | None) -> messages.NodeError | None:
    if error is None:
        return None
    place = error.location
    return messages.NodeError(error.type, error.message, place.file if place else None, place.line if place else None)
