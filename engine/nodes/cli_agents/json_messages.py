"""Finds the JSON objects that a program printed among banners, logs and colours. Pure, and linear in the text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.expressions import Json

_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")
_OBJECT = re.compile(r'\{(?=\s*["}])')
_FENCE = re.compile(r"^[ \t]*```([^\r\n]*)", re.MULTILINE)
_ENDS_A_LINE = re.compile(r"[ \t]*(?:[\r\n]|\Z)")
_BLANK = " \t\ufeff"
_THINK, _THOUGHT = "<think>", "</think>"
_NEAR = 200
_FIRST_PIECE = 1024
_LITERALS = ("true", "false", "null")
_DECODER = json.JSONDecoder()


class Found(Struct, frozen=True):
    """Objects alone on their lines or in a list, in printed order; `cut_off` if the text ends within one."""

    objects: tuple[Mapping[str, Json], ...]
    cut_off: bool


class _Read(Struct, frozen=True):
    """The object at some place; or None, with the place of the error."""

    value: Mapping[str, Json] | None
    end: int
    cut_off: bool = False


def without_escapes(text: str) -> str:
    """`text` without terminal escape codes and byte order mark."""
    return _ESCAPES.sub("", text).removeprefix("\ufeff")


def without_thoughts(text: str) -> str:
    """`text` without the thoughts before an answer; empty if they do not end."""
    if not text.lstrip().startswith(_THINK):
        return text
    return text.partition(_THOUGHT)[2]


def find_objects(text: str) -> Found:
    """Finds the objects in `text`, which has no escapes. Those in sentences or fenced blocks are quotes: left out."""
    quoted = list(_fenced(text))
    objects: list[Mapping[str, Json]] = []
    at = 0
    while (begin := _OBJECT.search(text, at)) is not None:
        start = begin.start()
        read = _read(text, start)
        if read.cut_off:
            return Found(tuple(objects), cut_off=True)
        at = max(read.end, start + 1)
        while quoted and quoted[0][1] <= start:
            del quoted[0]
        is_quoted = bool(quoted) and quoted[0][0] <= start
        if read.value is not None and not is_quoted and _stands_alone(text, start, at):
            objects.append(read.value)
    return Found(tuple(objects), cut_off=False)


def _read(text: str, start: int) -> _Read:
    """Reads the object at `start`. Piece by piece, since a JSONDecodeError counts the lines of its whole text."""
    size = _FIRST_PIECE
    while True:
        piece, is_rest = text[start : start + size], start + size >= len(text)
        try:
            value, length = _DECODER.raw_decode(piece)
            return _Read(value, start + length)
        except json.JSONDecodeError as error:
            ends_within = _ends_within(piece, error)
            if is_rest or not (ends_within or error.pos > size - _NEAR):
                return _Read(None, start + error.pos, cut_off=is_rest and ends_within)
        except (ValueError, RecursionError):  # thousands of digits or levels
            return _Read(None, len(text))
        size *= 8


def _ends_within(piece: str, error: json.JSONDecodeError) -> bool:
    """Tells whether `error` means that the end of the object is missing."""
    if error.msg.startswith("Unterminated string"):
        return True
    rest = piece[error.pos : error.pos + _NEAR].strip()
    return any(literal.startswith(rest) for literal in _LITERALS)


def _fenced(text: str) -> Iterator[tuple[int, int]]:
    """The start and end of each fenced block."""
    start: int | None = None
    for fence in _FENCE.finditer(text):
        if start is None:
            start = fence.start()
        elif not fence[1].strip():
            yield start, fence.end()
            start = None


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Tells whether an object begins or ends a line, or follows another one in a list."""
    before = text[max(0, start - _NEAR) : start].rstrip(_BLANK)
    if before.endswith("["):
        before = before[:-1].rstrip(_BLANK)
    begins = before.endswith(("\n", "\r", "},")) if before else start <= _NEAR
    return begins or _ENDS_A_LINE.match(text, end) is not None
