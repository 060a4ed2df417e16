"""Encodes events as lines of a log and decodes them (docs/design.md, The run log).

msgspec decodes and checks a line in one step, by the annotations of the event's class.
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

_EVENT_LEVELS = 16
"""The nesting levels of a line around a value."""


class MalformedEventError(ValueError):
    """A line that is not JSON, or lacks fields of its type."""


class NewerLogError(ValueError):
    """A log of a newer `version` than this oe reads."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


class _Discriminator(msgspec.Struct):
    """The fields that say how to decode a line, of any type."""

    type: Any = None
    v: Any = None


class _Head(msgspec.Struct, rename="camel"):
    """The fields of every line besides those of its event."""

    type: str
    seq: Count
    ts: str
    run_id: str


_ENCODER = msgspec.json.Encoder()
_DISCRIMINATORS = msgspec.json.Decoder(_Discriminator)
_HEADS = msgspec.json.Decoder(_Head)
_EVENTS: Mapping[str, msgspec.json.Decoder[Event]] = {
    name: msgspec.json.Decoder(cls) for name, cls in EVENT_TYPES.items()
}


def encode(record: Record) -> bytes:
    """The line of a record, with its line break."""
    event = record.event
    head = _ENCODER.encode(_Head(event.type, record.seq, record.ts, record.run_id))
    return b"%b,%b\n" % (head[:-1], _ENCODER.encode(event)[1:])


def writable_event(event: _Event) -> _Event:
    """The event with texts that are not UTF-8 escaped by `engine.file_names`: messages may contain names of files.

    Values of nodes are always UTF-8 (engine.canonical).
    """
    return msgspec.convert(_writable(msgspec.to_builtins(event)), type(event))


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value if is_writable(value) else writable(value).encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_writable(key): _writable(member) for key, member in value.items()}
    return [_writable(member) for member in value] if isinstance(value, (list, tuple)) else value


def to_json(record: Record) -> dict[str, Json]:
    """The record as the JSON object in its line."""
    return cast("dict[str, Json]", msgspec.json.decode(encode(record)))


def counts_to_json(counts: Counts) -> dict[str, Json]:
    """Counts as an event has them."""
    return cast("dict[str, Json]", msgspec.to_builtins(counts))


def sums_to_json(sums: Sums) -> dict[str, Json]:
    """Sums as an event has them."""
    return cast("dict[str, Json]", msgspec.to_builtins(sums))


def decode(line: bytes) -> Record | None:
    """The record of one line, with or without its line break; None for an unknown type. Ignores unknown fields.

    Raises MalformedEventError if it is not a JSON object, or a field is missing or of the wrong type; NewerLogError.
    """
    line = _with_exact_numbers(line.removeprefix(codecs.BOM_UTF8))
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


def _kind(line: bytes) -> _Discriminator:
    try:
        return _DISCRIMINATORS.decode(line)
    except msgspec.ValidationError:
        raise MalformedEventError("not a JSON object") from None
    except (ValueError, RecursionError):
        raise MalformedEventError("not JSON") from None


def _with_exact_numbers(line: bytes) -> bytes:
    """The line with integers beyond 2^53 as floats, as in the values of nodes (engine.canonical).

    Raises MalformedEventError if it is nested too deeply.
    """
    has_long = has_long_digits(line)
    may_be_deep = line.count(b"[") + line.count(b"{") > MAX_DEPTH
    if not has_long and not may_be_deep:
        return line
    try:
        value = _LONG_DECODER.decode(line.decode())
        exact = _ENCODER.encode(value) if has_long else line
    except (ValueError, RecursionError):
        raise MalformedEventError("not JSON") from None
    if may_be_deep and is_too_deep(value, MAX_DEPTH + _EVENT_LEVELS):
        raise MalformedEventError(f"a value is nested more than {MAX_DEPTH} levels deep")
    return exact


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"not a JSON number: {number}")
    return value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 16 or abs(_finite(digits)) < 2**53 else _finite(digits)


_LONG_DECODER = json.JSONDecoder(parse_float=_finite, parse_int=_integer, parse_constant=_finite)
