"""Canonical JSON (RFC 8785) and the hash of a value. What a node returns passes through here, live or restored."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from functools import lru_cache
from math import isfinite
from types import NoneType
from typing import cast

import msgspec
import rfc8785

from engine.json_types import Json

MAX_DEPTH = 200
"""How deep a value may be nested, so that every walk through it fits on the stack, wherever it begins."""

_FIRST_UNSAFE = 2**53
_SHORT = 64
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_PLAIN = frozenset({str, bool, NoneType})
_ENCODE_PLAIN = msgspec.json.Encoder(order="deterministic").encode
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_DIGITS = b"0" * 16


class NotJsonError(ValueError):
    """A value that JSON cannot hold: NaN, Infinity, a lone surrogate, an integer over 2^53, or no JSON type; or that
    is nested more than MAX_DEPTH levels deep. `reason` says what is wrong and what to do, `place` where: `rows[2].id`.
    """

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place or 'the value'} {reason}")
        self.reason = reason
        self.place = place

    def inside(self, name: str) -> NotJsonError:
        """The same of a value that stands under `name` in another."""
        is_list = not self.place or self.place.startswith("[")
        return NotJsonError(self.reason, f"{name}{self.place}" if is_list else f"{name}.{self.place}")


def canonical(value: Json) -> bytes:
    """The RFC 8785 bytes of `value`. Raises NotJsonError where there are none."""
    try:
        # What the RFC asks for, in C: most of what is hashed is short text, or objects of such.
        content = _ENCODE_PLAIN(value) if _is_plain(value) else rfc8785.dumps(value)
    except (ValueError, RecursionError) as error:
        raise _fault(value) or NotJsonError(f"is no JSON value: {error}") from error
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH and is_too_deep(value):
        raise NotJsonError(f"is nested more than {MAX_DEPTH} levels deep")
    return content


def _fault(value: Json) -> NotJsonError | None:
    """What in `value` JSON cannot hold, with its place. A loop and not a recursion."""
    left: list[tuple[str, Json]] = [("", value)]
    for place, member in left:  # which grows meanwhile
        reason = _reason(member)
        if reason is not None:
            return NotJsonError(reason, place)
        if isinstance(member, dict):
            left.extend((f"{place}.{key}" if place else str(key), part) for key, part in member.items())
        elif isinstance(member, list):
            left.extend((f"{place}[{index}]", part) for index, part in enumerate(member))
    return None


def _reason(value: Json) -> str | None:
    if isinstance(value, float) and not isfinite(value):
        return f"is {value}, which JSON cannot hold; use a finite number or null"
    if type(value) is int and abs(value) >= _FIRST_UNSAFE:
        shown = f"{value}, an" if value.bit_length() <= _SHORT else "an"
        return f"is {shown} integer beyond 2^53, of which readers of JSON lose digits; make it a string"
    if isinstance(value, str) and not value.isascii() and _HALF_A_PAIR.search(value):
        return "is text with half of a surrogate pair, which JSON cannot hold"
    return None


def _is_plain(value: Json) -> bool:
    """Whether msgspec writes `value` as RFC 8785 has it: no float, no key that UTF-16 sorts elsewhere."""
    within: list[Json] = [value]
    for member in within:  # which grows meanwhile
        type_ = type(member)
        if type_ in _PLAIN:
            continue
        if isinstance(member, dict):
            if not all(type(key) is str and key.isascii() for key in member):
                return False
            within.extend(member.values())
        elif isinstance(member, list):
            within.extend(member)
        elif type_ is not int or abs(cast(int, member)) >= _FIRST_UNSAFE:
            return False
    return True


def is_too_deep(value: Json, most: int = MAX_DEPTH) -> bool:
    """Whether a value is nested more than `most` levels deep. A loop and not a recursion."""
    level = [value]
    for _ in range(most):
        level = [
            member
            for outer in level
            if isinstance(outer, (dict, list))
            for member in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(member, (dict, list))
        ]
        if not level:
            return False
    return True


def normalise(value: Json) -> Json:
    """`value` as it will be read back from a log, so that a live value equals a restored one
    (docs/design.md, The run log).
    """
    return from_canonical(canonical(value))


def from_canonical(content: bytes) -> Json:
    """The value whose canonical JSON is `content`. Raises ValueError."""
    if has_long_digits(content):
        return cast(Json, json.loads(content, parse_int=_number))
    return cast(Json, msgspec.json.decode(content))


def has_long_digits(content: bytes) -> bool:
    """Whether JSON could hold an integer that a double does not tell apart. A tenth of a regular expression's time."""
    return _LONG_DIGITS in content.translate(_DIGITS)


def _number(digits: str) -> int | float:
    """RFC 8785 writes a double without its fraction; from 2^53 on only a double can mean it."""
    value = int(digits)
    return value if abs(value) < _FIRST_UNSAFE else float(digits)


def hash_value(value: Json) -> str:
    """SHA-256, as hex, of a value. An array's is built from its elements' hashes, so that appending costs what is
    new.
    """
    return _digest(value).hex()


def hash_with_key(value: Json, key: bytes) -> str:
    """HMAC-SHA-256, as hex, of a value: who does not have `key` cannot find out by trying what was hashed."""
    return hmac.new(key, canonical(value), hashlib.sha256).hexdigest()


def _digest(value: Json) -> bytes:
    if isinstance(value, list):
        return hashlib.sha256(b"array:" + b"".join(_digest(element) for element in value)).digest()
    if type(value) is str and len(value) <= _SHORT:
        return _digest_of_text(value)
    return hashlib.sha256(canonical(value)).digest()


@lru_cache(maxsize=4_096)
def _digest_of_text(text: str) -> bytes:
    """Remembered, since nodes have most of their words in common: `tool`, the name of a file, a field."""
    return hashlib.sha256(canonical(text)).digest()


def hash_bytes(content: bytes) -> str:
    """SHA-256, as hex, of a file's content."""
    return hashlib.sha256(content).hexdigest()
