"""What a redacted page is drawn from: records and a picture without values, or texts that may hold one.

Ids, names, statuses, times, costs and the structure stay. Sections get nothing else, so that none can show more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from engine.log.events.events import (
    Cause,
    ErrorInfo,
    Event,
    ExperienceRef,
    Item,
    NodeActivity,
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeWarning,
    Output,
    Record,
    RunFinished,
    RunStarted,
    RunWarning,
    Scope,
)
from engine.log.reading.summary import file_name_in
from engine.report.drawing.diagram import Box, Line, Picture

REDACTED = "redacted"
"""In place of a text."""

_NAMED_PARTS = ("item", "index", "args.", "reads.", "edges.", "runArgs.", "inputs.", "source.")
"""Input parts whose names say nothing but what the experience calls a value; others are paths and settings."""

_LITERAL = re.compile(r"\"[^\"]*\"?|'[^']*'?|(?<![\w.$])-?\d[\w.]*")


def redacted_record(record: Record) -> Record:
    """The record without values and without texts that may hold one."""
    event = _redacted(record.event)
    if not isinstance(event, (RunStarted, RunFinished, RunWarning)) and event.scope:
        event = replace(event, scope=tuple(_step(step) for step in event.scope))
    return replace(record, event=event)


def redacted_picture(picture: Picture) -> Picture:
    """The picture with conditions and sources of items that hold no literals, and nothing to evaluate them with."""
    return replace(
        picture,
        boxes=tuple(_box(box) for box in picture.boxes),
        lines=tuple(Line(line.from_, line.to, line.label and without_literals(line.label)) for line in picture.lines),
        experience=None,
    )


def without_literals(text: str) -> str:
    """An expression with `…` for each string and number."""
    return _LITERAL.sub("…", text)


def _box(box: Box) -> Box:
    return replace(
        box,
        notes=tuple(without_literals(note) for note in box.notes),
        parts=tuple(_box(part) for part in box.parts),
        inner=None if box.inner is None else redacted_picture(box.inner),
    )


def _redacted(event: Event) -> Event:
    if isinstance(event, (RunStarted, RunFinished, RunWarning)):
        return _of_run(event)
    if isinstance(event, (NodeCached, NodeCompleted)):
        return _with_output(event)
    return _of_node(event)


def _of_node(event: Event) -> Event:
    changes: dict[str, Any] = {}
    if isinstance(event, NodeStarted):
        changes = {"input": None, "reasons": ()}
    elif isinstance(event, NodeFailed):
        parts = event.input_parts and _parts(event.input_parts)
        changes = {"error": _error(event.error), "input_parts": parts, "keyed_parts": None}
    elif isinstance(event, NodeAttempt):
        changes = {"error": _error(event.error)}
    elif isinstance(event, (NodeSkipped, NodeCancelled)):
        changes = {"reason": _reason(event.cause)}
    elif isinstance(event, NodeActivity):
        changes = {"activity": "" if event.kind is None else event.kind.value}
    elif isinstance(event, NodeWarning):
        changes = {"message": REDACTED}
    return replace(event, **changes)


def _of_run(event: RunStarted | RunFinished | RunWarning) -> Event:
    if isinstance(event, RunWarning):
        return replace(event, message=REDACTED)
    if isinstance(event, RunFinished):
        return replace(event, error=event.error and _error(event.error), reason=None, wrote=None)
    ref = event.experience
    return replace(
        event,
        args=_names(event.args),
        state=_names(event.state),
        experience=ref and ExperienceRef(ref.name, ref.version, file_name_in(ref.path)),
        spec_hash=None,
        files={},
        settings={},
        pid=None,
        host=None,
    )


def _with_output(event: NodeCached | NodeCompleted) -> Event:
    output = event.output and _output(event.output)
    parts = event.input_parts and _parts(event.input_parts)
    changes: dict[str, Any] = {"output": output, "used_hash": None, "keyed_parts": None}
    changes |= {"produced": None, "loaded": None}
    if isinstance(event, NodeCached):
        return replace(event, input=None, reasons=(), input_hash="", input_parts=parts or {}, **changes)
    reason = REDACTED if event.restorable_reason else None
    return replace(event, input_hash=None, input_parts=parts, restorable_reason=reason, **changes)


def _output(output: Output) -> Output:
    return Output(_names(output.state_delta), UNSET if output.edge_output is UNSET else REDACTED)


def _names(values: Mapping[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(values, REDACTED)


def _parts(parts: Mapping[str, str]) -> dict[str, str]:
    """The names of values, without their hashes: a short value can be guessed from its hash."""
    return {name: "" for name in parts if name.startswith(_NAMED_PARTS)}


def _error(error: ErrorInfo) -> ErrorInfo:
    return ErrorInfo(error.type, error.type, retryable=error.retryable)


def _reason(cause: Cause | None) -> str:
    if cause is not None and cause.edge is not None:
        return f"because of the edge {cause.edge.from_} → {cause.edge.to}"
    return REDACTED if cause is None or cause.node is None else f"because of {cause.node}"


def _step(step: Scope) -> Scope:
    """The step without the hash of its item."""
    return step if step.item is None else replace(step, item=Item(step.item.index, str(step.item.index)))
