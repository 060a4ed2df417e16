"""Events to lines of a log and back (docs/design.md, The run log).
The only place that knows how an event looks as JSON. msgspec reads and checks a line at once, by the events' types.
"""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec

from engine.canonical import MAX_DEPTH, has_long_digits, is_too_deep
from engine.file_names import is_writable, writable
from engine.json_types import Json
from engine.log.events.counters import Count
from engine.log.events.events import EVENT_TYPES, LOG_VERSION, Counts, Event, Record, RunStarted, Sums
from engine.log.events.timestamps import moment

_Event = TypeVar("_Event", bound=Event)

_LEVELS_AROUND = 16
"""So many levels of a line are the event's own."""


class MalformedEventError(ValueError):
    """A line that is no JSON, or that does not hold what its type has."""


class NewerLogError(ValueError):
    """The first line of a log of a later `version` than is known here."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


class _Kind(msgspec.Struct):
    """What says how a line is to be read; whatever it is."""

    type: Any = None
    v: Any = None


class _Head(msgspec.Struct, rename="camel"):
    """What every line has besides its event."""

    type: str
    seq: Count
    ts: str
    run_id: str


_ENCODER = msgspec.json.Encoder()
_KINDS = msgspec.json.Decoder(_Kind)
_HEADS = msgspec.json.Decoder(_Head)
_EVENTS: Mapping[str, msgspec.json.Decoder[Event]] = {
    name: msgspec.json.Decoder(cls) for name, cls in EVENT_TYPES.items()
}


def encode(record: Record) -> bytes:
    """One line of the log, its line break included."""
    event = record.event
    head = _ENCODER.encode(_Head(event.type, record.seq, record.ts, record.run_id))
    return b"%b,%b\n" % (head[:-1], _ENCODER.encode(event)[1:])


def writable_event(event: _Event) -> _Event:
    """The event with each text that UTF-8 cannot hold as `engine.file_names` writes it: messages name files.

    No value of the user's is such a text (engine.canonical).
    """
    return msgspec.convert(_writable(msgspec.to_builtins(event)), type(event))


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value if is_writable(value) else writable(value).encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_writable(key): _writable(member) for key, member in value.items()}
    return [_writable(member) for member in value] if isinstance(value, (list, tuple)) else value


def to_json(record: Record) -> dict[str, Json]:
    """The record as the JSON object that its line holds."""
    return cast("dict[str, Json]", msgspec.json.decode(encode(record)))


def counts_to_json(counts: Counts) -> dict[str, Json]:
    """Counts as they stand in an event."""
    return cast("dict[str, Json]", msgspec.to_builtins(counts))


def sums_to_json(sums: Sums) -> dict[str, Json]:
    """Sums as they stand in an event."""
    return cast("dict[str, Json]", msgspec.to_builtins(sums))


def decode(line: bytes) -> Record | None:
    """The record of one line, with or without its line break; None for a type that this version does not know.

    Raises MalformedEventError where it is no JSON object, or a field of a known type is missing or has the wrong type;
    unknown fields are ignored. Raises NewerLogError.
    """
    line = _as_written_here(line.removeprefix(codecs.BOM_UTF8))
    kind = _kind(line)
    if not isinstance(kind.type, str) or kind.type not in _EVENTS:
        return None
    if kind.type == RunStarted.type and isinstance(kind.v, int) and kind.v > LOG_VERSION:
        raise NewerLogError(kind.v)
    try:
        head = _HEADS.decode(line)
        moment(head.ts)
        return Record(head.seq, head.ts, head.run_id, _EVENTS[kind.type].decode(line))
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"{kind.type} with a missing or wrong field") from error


def _kind(line: bytes) -> _Kind:
    try:
        return _KINDS.decode(line)
    except msgspec.ValidationError:
        raise MalformedEventError("not a JSON object") from None
    except (ValueError, RecursionError):
        raise MalformedEventError("not JSON") from None


def _as_written_here(line: bytes) -> bytes:
    """The line without integers that a double does not tell apart, as in everything that nodes return
    (engine.canonical). Raises MalformedEventError where it is too deep for what reads it.
    """
    has_long = has_long_digits(line)
    may_be_deep = line.count(b"[") + line.count(b"{") > MAX_DEPTH
    if not has_long and not may_be_deep:
        return line
    try:
        value = _LONG_DECODER.decode(line.decode())
        anew = _ENCODER.encode(value) if has_long else line
    except (ValueError, RecursionError):
        raise MalformedEventError("not JSON") from None
    if may_be_deep and is_too_deep(value, MAX_DEPTH + _LEVELS_AROUND):
        raise MalformedEventError(f"holds a value that is nested more than {MAX_DEPTH} levels deep")
    return anew


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"no number that JSON has: {number}")
    return value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 16 or abs(_finite(digits)) < 2**53 else _finite(digits)


_LONG_DECODER = json.JSONDecoder(parse_float=_finite, parse_int=_integer, parse_constant=_finite)
