"""Our plain values as LSP types, in the client's position encoding."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from engine.experience.problems import OtherFile, Related, Severity
from engine.log.events.codec import to_json
from engine.log.events.events import ErrorInfo, Record
from engine.log.reading.summary import RunState, RunSummary
from engine.log.reading.view import NodeView, RunView
from engine.syntax import Encoding, LineIndex, Span, column_of_units
from oe_lsp.ide.diagnostics import Diagnostic
from oe_lsp.ide.runs.code_lens import Lens, LensAction
from oe_lsp.ide.runs.elide import elide
from oe_lsp.server.transport import custom_messages as messages
from oe_lsp.server.transport import protocol
from oe_lsp.server.transport.paths import path_of, uri_of

SOURCE = "oe"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}

_COMMANDS = {
    LensAction.RUN: protocol.RUN_EXPERIENCE,
    LensAction.RESUME: protocol.RESUME_RUN,
    LensAction.CANCEL: protocol.CANCEL_RUN,
}

_FIRST_LINE = types.Range(types.Position(0, 0), types.Position(0, 0))


def to_range(lines: LineIndex, span: Span, encoding: Encoding) -> types.Range:
    """The LSP range of a span of code points."""
    return types.Range(_position(lines, span.start, encoding), _position(lines, span.end, encoding))


def to_offset(lines: LineIndex, position: types.Position, encoding: Encoding) -> int:
    """The offset, in code points, of an LSP position; one outside the text is clamped to it."""
    column = column_of_units(lines.line_text(position.line), position.character, encoding)
    return lines.offset(position.line, column)


def _position(lines: LineIndex, offset: int, encoding: Encoding) -> types.Position:
    place = lines.position_in(offset, encoding)
    return types.Position(place.line, place.column)


def to_diagnostics(
    found: Sequence[Diagnostic], uri: str, lines: LineIndex, encoding: Encoding, *, with_related: bool
) -> list[types.Diagnostic]:
    """LSP diagnostics of one document. `with_related`: whether the client shows related places."""
    return [
        types.Diagnostic(
            range=to_range(lines, each.span, encoding),
            severity=_SEVERITIES[each.severity],
            code=each.code,
            code_description=types.CodeDescription(href=each.href),
            source=SOURCE,
            message=each.message,
            related_information=_to_related(each.related, uri, lines, encoding) if with_related else None,
            data=dict(each.data) or None,
        )
        for each in found
    ]


def _to_related(
    places: Sequence[Related], uri: str, lines: LineIndex, encoding: Encoding
) -> list[types.DiagnosticRelatedInformation] | None:
    found = []
    for place in places:
        where, in_lines = (uri, lines) if place.file is None else _elsewhere(place.file, uri)
        at = types.Location(where, to_range(in_lines, place.span, encoding))
        found.append(types.DiagnosticRelatedInformation(at, place.message))
    return found or None


def _elsewhere(file: OtherFile, uri: str) -> tuple[str, LineIndex]:
    """The URI of another file that the experience at `uri`, which is on disk, leads to; and its lines."""
    here = path_of(uri)
    assert here is not None, "only what is on disk leads to other files"
    return uri_of(Path(os.path.normpath(here.parent / file.path))), LineIndex(file.text)


def to_code_lens(lens: Lens, uri: str) -> types.CodeLens:
    """An LSP lens on the first line. Its command needs nothing of the client: it is one of the server's own."""
    arguments = [uri] if lens.run_id is None else [uri, lens.run_id]
    return types.CodeLens(
        _FIRST_LINE, types.Command(title=lens.title, command=_COMMANDS[lens.action], arguments=arguments)
    )


def to_run(run: RunSummary, log_uri: str) -> messages.RunSummary:
    """A run as custom requests return it."""
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
        log_uri=log_uri,
        finished_at=messages.timestamp(run.last_event_at) if ended else None,
        duration_ms=run.duration_ms,
        failed_at=run.failed_at,
        reason=run.reason,
        original_run_id=run.original_run_id,
        failed_items=messages.FailedItems(items.failed, items.total) if items.failed else None,
    )


def to_run_state(run: RunSummary, view: RunView, log_uri: str) -> messages.RunStateResult:
    """The folded state of a run, node by node in the graph's order."""
    return messages.RunStateResult(
        to_run(run, log_uri), view.seq, [_node(node) for node in view.nodes.values()], list(view.warnings)
    )


def _node(node: NodeView) -> messages.NodeState:
    return messages.NodeState(
        node_id=node.node_id,
        status=node.effective_status().value,
        duration_ms=node.duration_ms,
        error=_error(node.error),
        reason=node.reason,
        items=None if node.items is None else messages.Items(node.items, node.items_ended),
    )


def _error(error: ErrorInfo | None) -> messages.NodeError | None:
    if error is None:
        return None
    place = error.location
    return messages.NodeError(error.type, error.message, place.file if place else None, place.line if place else None)


def to_event(uri: str, record: Record) -> messages.RunEvent:
    """A line of a run's log as clients get it: values that are large are elided."""
    return messages.RunEvent(uri, record.run_id, elide(to_json(record)))
