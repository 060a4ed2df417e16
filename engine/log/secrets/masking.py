"""Masks secrets in everything that a run writes (docs/design.md, The run log)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, TypeGuard, TypeVar

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine.json_types import Json
from engine.log.events.events import Output
from engine.log.secrets.encodings import forms_of

MASK = "***"
_MASKED = MASK.encode()
_SHORTEST = 4
"""Shorter texts are masked only where their source is known: elsewhere, they would garble the log."""

_SHORTEST_IN_DATA = 8
"""Shorter texts are masked in values only as whole words or numbers: `1234`, but not `order-51234`."""

_FRAGMENT = 16
"""Beginnings and ends of this length are masked, too, since messages cut long values. Shorter beginnings are common
to all keys of an issuer."""

MASKED_OUTPUT = "its output holds a secret, which the log masks"
"""Why an outcome with a masked output is not restored."""

_NAMES = frozenset(
    {"id", "key", "node", "node_id", "nodes", "from_", "to", "run_id", "original_run_id", "root_run_id", "started_in"}
    | {"attempt_id", "input_hash", "input_parts", "spec_hash", "files", "produced", "loaded", "level", "merge"}
    | {"masked_args", "masked_state", "keyed_parts"}
)
"""Fields of events that identify something. The experience or the engine writes them, never a node."""

_VALUES = frozenset({"edge_output", "item", "value"})

_ENCODE = msgspec.json.Encoder().encode

_Span = tuple[int, int]
_Part = TypeVar("_Part", bound=Struct)


class Secrets:
    """The texts and numbers to mask: those in `values`, except booleans and short ones."""

    def __init__(self, values: Iterable[Json] = ()) -> None:
        self._texts: frozenset[str] = frozenset()
        self.add(values)

    def add(self, values: Iterable[Json]) -> None:
        """Also mask these from now on."""
        new = {text for value in values for text in _texts(value) if len(text) >= _SHORTEST} - self._texts
        if not new and self._texts:
            return
        self._texts |= new
        found = {form for text in self._texts for form in forms_of(text) if len(form) >= _SHORTEST}
        self._forms = tuple(sorted(found, key=lambda form: (-len(form), form)))
        self._signs = tuple(dict.fromkeys(part for form in self._forms for part in (_head(form), _tail(form))))
        short = [text for text in self._texts if len(text) < _SHORTEST_IN_DATA]
        self._words = _words(short) if short else None
        self._long = Secrets(self._texts.difference(short)) if short else self

    def are_in(self, value: Json) -> bool:
        """Whether a value contains a secret."""
        if not self._forms:
            return False
        written = _written(value)
        return self.may_be_in(written) and bool(self.masked_value(value) != value)

    def are_in_output(self, output: Output) -> bool:
        """Whether an output contains a secret, so that its copy in the log is masked."""
        edge = None if output.edge_output is UNSET else output.edge_output
        return self.are_in([dict(output.state_delta), edge])

    def may_be_in(self, written: bytes) -> bool:
        """Whether JSON or plain text may contain a secret. A fast check, which is mostly False."""
        return any(sign in written for sign in self._signs)

    def masked(self, text: str) -> str:
        """The text with every secret masked, and every long beginning or end of one."""
        data = text.encode("utf-8", "surrogatepass")
        if not self.may_be_in(data):
            return text
        stream = MaskedStream(self)
        return (stream.feed(data) + stream.end()).decode("utf-8", "replace")

    def masked_value(self, value: Any) -> Any:
        """A JSON value with its texts, keys and numbers masked. Short secrets are masked only as whole words."""
        if isinstance(value, str):
            text = self._long.masked(value)
            return text if self._words is None else self._words.sub(MASK, text)
        if isinstance(value, Mapping):
            return {self.masked_value(str(key)): self.masked_value(member) for key, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.masked_value(member) for member in value]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return MASK if is_number and json.dumps(value) in self._texts else value

    def masked_event(self, event: _Part) -> _Part:
        """An event, or a part of one, masked in all fields that a node or a user may have written."""
        changes: dict[str, Any] = {}
        for name in event.__struct_fields__:
            if name not in _NAMES:
                old = getattr(event, name)
                new = self.masked_value(old) if name in _VALUES and not _is_part(old) else self._in_field(old)
                if new is not old:
                    changes[name] = new
        return replace(event, **changes) if changes else event

    def _in_field(self, value: Any) -> Any:
        """Masks the values of a mapping, but not its keys, which are names of fields, args and nodes."""
        if isinstance(value, str):
            return value if isinstance(value, Enum) else self.masked(value)
        if isinstance(value, Mapping):
            return {
                name: self.masked_event(member) if _is_part(member) else self.masked_value(member)
                for name, member in value.items()
            }
        if isinstance(value, tuple):
            return tuple(self._in_field(member) for member in value)
        return self.masked_event(value) if _is_part(value) else value

    def found_in(self, data: bytes) -> list[_Span]:
        """The spans of secrets in `data`, in order; overlapping ones are merged."""
        merged: list[_Span] = []
        for start, end in sorted(span for form in self._forms for span in _spans_of(form, data)):
            if merged and start < merged[-1][1]:
                merged[-1] = merged[-1][0], max(merged[-1][1], end)
            else:
                merged.append((start, end))
        return merged

    def begun_in(self, data: bytes) -> int:
        """The number of bytes at the end of `data` that may be the beginning of a secret."""
        return max((_overlap(data, form) for form in self._forms), default=0)


class MaskedStream:
    """Masks data that arrives in pieces. Holds back the end of a piece while it may be part of a secret."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._held = b""
        self._covered = 0
        """How much of what is held belongs to a secret whose mask is out already."""

    def feed(self, data: bytes) -> bytes:
        """What can be shown after `data` came."""
        data = self._held + data
        return self._shown(data, len(data) - self._secrets.begun_in(data))

    def end(self) -> bytes:
        """The rest, after the last piece."""
        if not self._held:
            return b""
        return self._shown(self._held, len(self._held))

    def _shown(self, data: bytes, cut: int) -> bytes:
        shown, at, covered = [], min(self._covered, cut), max(0, self._covered - cut)
        for start, end in self._secrets.found_in(data):
            if start >= cut:
                break
            if start >= at:
                shown += [data[at:start], _MASKED]
            at = max(at, min(end, cut))
            covered = max(covered, end - cut)
        shown.append(data[at:cut])
        self._held, self._covered = data[cut:], covered
        return b"".join(shown)


def _written(value: Json) -> bytes:
    try:
        return _ENCODE(value)
    except (ValueError, TypeError):  # lone surrogates, for one
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _texts(member)
    elif value is not None and not isinstance(value, bool):
        yield json.dumps(value)
        yield msgspec.json.encode(value).decode()  # as in the log: 1e-7, where others have 1e-07


def _words(texts: Iterable[str]) -> re.Pattern[str]:
    """Matches `texts` as whole words, plain or as in JSON and URLs."""
    written = (form.decode("utf-8", "surrogateescape") for text in texts for form in forms_of(text, with_base64=False))
    longest_first = sorted({form for form in written if len(form) >= _SHORTEST}, key=lambda form: (-len(form), form))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def _spans_of(form: bytes, data: bytes) -> Iterator[_Span]:
    head, tail = _head(form), _tail(form)
    for start in _places(head, data):
        yield start, start + _common_prefix(form, data[start : start + len(form)])
    if tail != head:
        for start in _places(tail, data):
            end = start + len(tail)
            before = data[max(0, end - len(form)) : end]
            yield end - _common_prefix(form[::-1], before[::-1]), end


def _places(part: bytes, data: bytes) -> Iterator[int]:
    start = data.find(part)
    while start >= 0:
        yield start
        start = data.find(part, start + 1)  # matches may overlap


def _common_prefix(one: bytes, other: bytes) -> int:
    """The length of the common prefix."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _head(form: bytes) -> bytes:
    return form[:_FRAGMENT]


def _tail(form: bytes) -> bytes:
    return form[-_FRAGMENT:]


def _overlap(data: bytes, form: bytes) -> int:
    """The length of the longest end of `data` that is a proper prefix of `form`."""
    start = data.find(form[:1], max(0, len(data) - len(form) + 1))
    while start >= 0 and not form.startswith(data[start:]):
        start = data.find(form[:1], start + 1)
    return 0 if start < 0 else len(data) - start


def _is_part(value: object) -> TypeGuard[Struct]:
    return isinstance(value, Struct)
