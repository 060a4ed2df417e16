"""Canonical JSON (RFC 8785) and hashes of values. Outputs of nodes pass through here, live and restored."""

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
"""The deepest nesting of a value, so that recursive functions have enough stack."""

_FIRST_UNSAFE = 2**53
_SHORT = 64
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_TYPES = frozenset({str, bool, NoneType})
_ENCODE_PLAIN = msgspec.json.Encoder(order="deterministic").encode
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_DIGITS = b"0" * 16


class NotJsonError(ValueError):
    """A value that is not JSON: NaN, Infinity, a lone surrogate, an integer beyond 2^53, another type; or nested more
    than MAX_DEPTH levels deep. `reason` says what is wrong and what to do, `place` where: `rows[2].id`.
    """

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place or 'the value'} {reason}")
        self.reason = reason
        self.place = place

    def inside(self, name: str) -> NotJsonError:
        """The same error for a value that contains this one under `name`."""
        is_list = not self.place or self.place.startswith("[")
        return NotJsonError(self.reason, f"{name}{self.place}" if is_list else f"{name}.{self.place}")


def canonical(value: Json) -> bytes:
    """The RFC 8785 bytes of `value`. Raises NotJsonError."""
    try:
        # msgspec writes most values as the RFC requires, and much faster.
        content = _ENCODE_PLAIN(value) if _is_plain(value) else rfc8785.dumps(value)
    except (ValueError, RecursionError) as error:
        raise _fault(value) or NotJsonError(f"is not JSON: {error}") from error
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH and is_too_deep(value):
        raise NotJsonError(f"is nested more than {MAX_DEPTH} levels deep")
    return content


def _fault(value: Json) -> NotJsonError | None:
    """The first part of `value` that is not JSON, with its place. Not recursive."""
    left: list[tuple[str, Json]] = [("", value)]
    for place, member in left:  # grows during iteration
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
        return f"is {shown} integer beyond 2^53, whose last digits may be lost; make it a string"
    if isinstance(value, str) and not value.isascii() and _LONE_SURROGATE.search(value):
        return "is text with half of a surrogate pair, which JSON cannot hold"
    return None


def _is_plain(value: Json) -> bool:
    """Whether msgspec writes `value` as RFC 8785 requires: no floats, and only ASCII keys, which UTF-16 sorts alike."""
    members: list[Json] = [value]
    for member in members:  # grows during iteration
        type_ = type(member)
        if type_ in _PLAIN_TYPES:
            continue
        if isinstance(member, dict):
            if not all(type(key) is str and key.isascii() for key in member):
                return False
            members.extend(member.values())
        elif isinstance(member, list):
            members.extend(member)
        elif type_ is not int or abs(cast(int, member)) >= _FIRST_UNSAFE:
            return False
    return True


def is_too_deep(value: Json, most: int = MAX_DEPTH) -> bool:
    """Whether a value is nested more than `most` levels deep. Not recursive."""
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
    """`value` as it is read back from a log, so that live equals restored (docs/design.md, The run log)."""
    return from_canonical(canonical(value))


def from_canonical(content: bytes) -> Json:
    """The value whose canonical JSON is `content`. Raises ValueError."""
    if has_long_digits(content):
        return cast(Json, json.loads(content, parse_int=_number))
    return cast(Json, msgspec.json.decode(content))


def has_long_digits(content: bytes) -> bool:
    """Whether JSON may contain an integer beyond 2^53. Ten times as fast as a regular expression."""
    return _LONG_DIGITS in content.translate(_DIGITS)


def _number(digits: str) -> int | float:
    """RFC 8785 writes floats without a zero fraction; integers from 2^53 on can only be floats."""
    value = int(digits)
    return value if abs(value) < _FIRST_UNSAFE else float(digits)


def hash_value(value: Json) -> str:
    """The SHA-256 of a value, as hex. That of an array is made from those of its elements."""
    return _digest(value).hex()


def hash_with_key(value: Json, key: bytes) -> str:
    """The HMAC-SHA-256 of a value, as hex. Without `key`, nobody can find the value by trying."""
    return hmac.new(key, canonical(value), hashlib.sha256).hexdigest()


def _digest(value: Json) -> bytes:
    if isinstance(value, list):
        return hashlib.sha256(b"array:" + b"".join(_digest(element) for element in value)).digest()
    if type(value) is str and len(value) <= _SHORT:
        return _digest_of_text(value)
    return hashlib.sha256(canonical(value)).digest()


@lru_cache(maxsize=4_096)
def _digest_of_text(text: str) -> bytes:
    """Cached, since nodes share most of their strings: `tool`, names of files and fields."""
    return hashlib.sha256(canonical(text)).digest()


def hash_bytes(content: bytes) -> str:
    """The SHA-256 of a content, as hex."""
    return hashlib.sha256(content).hexdigest()
