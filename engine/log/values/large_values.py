"""Moves large values from a log to blobs and back (docs/design.md, The run log).

Values that merely look like references are also moved, so that nothing is mistaken for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from msgspec import UNSET
from msgspec.structs import replace

from engine.canonical import canonical, from_canonical
from engine.json_types import Json
from engine.log.events.events import (
    Event,
    Input,
    NodeCached,
    NodeCompleted,
    NodeStarted,
    Output,
    RunFinished,
    RunStarted,
)
from engine.log.storage.blobs import BlobLostError

MAX_INLINE_BYTES = 64 * 1024
_KEY = "$blob"
_PREFIX = "sha256:"

Keep = Callable[[bytes], str]
Read = Callable[[str], bytes]
_Change = Callable[[Json], Json]


def may_hold_large(line: bytes) -> bool:
    """Whether the line of an event may contain a value to be moved. A fast check, which is mostly False."""
    return len(line) > MAX_INLINE_BYTES or b'"$blob"' in line


def move_to_blobs(event: Event, keep: Keep) -> Event:
    """`event` with references for large values, which `keep` stores as JSON."""

    def change(value: Json) -> Json:
        content = canonical(value)
        if len(content) <= MAX_INLINE_BYTES and not is_reference(value):
            return value
        return {_KEY: _PREFIX + keep(content), "bytes": len(content)}

    return _changed(event, change)


def fetched(value: Json, read: Read) -> Json:
    """The value that was logged as `value`. Raises BlobLostError."""
    if not is_reference(value):
        return value
    name = cast("dict[str, Json]", value)[_KEY]
    if not isinstance(name, str) or not name.startswith(_PREFIX):
        raise BlobLostError(f"{name!r} is not the name of a blob")
    return from_canonical(read(name.removeprefix(_PREFIX)))


def fetched_fields(fields: Mapping[str, Json], read: Read) -> Mapping[str, Json]:
    """The values that were logged as `fields`; the same object if none is a reference. Raises BlobLostError."""
    if not any(is_reference(value) for value in fields.values()):
        return fields
    return {name: fetched(value, read) for name, value in fields.items()}


def fetched_output(output: Output, read: Read) -> Output:
    """The output that was logged as `output`; the same object if it has no reference. Raises BlobLostError."""
    delta = fetched_fields(output.state_delta, read)
    edge = output.edge_output
    if edge is UNSET or not is_reference(edge):
        return output if delta is output.state_delta else Output(delta, edge)
    return Output(delta, fetched(edge, read))


def no_blobs(digest: str) -> bytes:
    """Reads no blob, for records without a folder of blobs. Raises BlobLostError."""
    raise BlobLostError(f"there is no folder with the blob {digest}")


def is_reference(value: Json) -> bool:
    """Whether a logged value is a reference to a blob."""
    return isinstance(value, dict) and _KEY in value


def _changed(event: Event, change: _Change) -> Event:
    """`event` with `change` applied to each value (schemas/event.schema.json)."""
    if isinstance(event, RunStarted):
        return replace(event, args=_fields(event.args, change), state=_fields(event.state, change))
    if isinstance(event, RunFinished):
        wrote = {name: replace(each, value=change(each.value)) for name, each in (event.wrote or {}).items()}
        return replace(event, wrote=wrote or None)
    if isinstance(event, NodeStarted):
        return replace(event, input=_input(event.input, change))
    if isinstance(event, NodeCached):
        return replace(event, output=_output(event.output, change), input=_input(event.input, change))
    if isinstance(event, NodeCompleted) and event.output is not None:
        return replace(event, output=_output(event.output, change))
    return event


def _input(received: Input | None, change: _Change) -> Input | None:
    if received is None:
        return None
    return replace(
        received,
        args=_fields(received.args, change),
        given=_fields(received.given, change),
        reads=_fields(received.reads, change),
        edges=_fields(received.edges, change),
        item=UNSET if received.item is UNSET else change(received.item),
    )


def _output(output: Output, change: _Change) -> Output:
    edge = output.edge_output
    return Output(_fields(output.state_delta, change), UNSET if edge is UNSET else change(edge))


def _fields(fields: Mapping[str, Json], change: _Change) -> dict[str, Json]:
    return {name: change(value) for name, value in fields.items()}
