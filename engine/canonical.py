"""Canonical JSON (RFC 8785) and the hash of a value. What a node returns passes through here, live or restored."""

from __future__ import annotations

import hashlib
import json
from types import NoneType
from typing import cast

import rfc8785

from engine.expressions import Json

_FIRST_UNSAFE = 2**53
_PLAIN = frozenset({str, bool, NoneType})
_ENCODE_PLAIN = json.JSONEncoder(ensure_ascii=False).encode


class NotJsonError(ValueError):
    """A value that JSON cannot hold: NaN, Infinity, a lone surrogate, an integer over 2^53, or no JSON type."""


def canonical(value: Json) -> bytes:
    """The RFC 8785 bytes of `value`. Raises NotJsonError where there are none."""
    try:
        if type(value) in _PLAIN:
            return _ENCODE_PLAIN(value).encode()  # what the RFC asks for, in C: most of what is hashed is short text
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise NotJsonError(f"not a JSON value: {error}") from error


def normalise(value: Json) -> Json:
    """`value` as it will be read back from a log, so that a live value equals a restored one
    (docs/design.md, The run log).
    """
    return from_canonical(canonical(value))


def from_canonical(content: bytes) -> Json:
    """The value whose canonical JSON is `content`. Raises ValueError."""
    return cast(Json, json.loads(content, parse_int=_number))


def _number(digits: str) -> int | float:
    """RFC 8785 writes a double without its fraction; from 2^53 on only a double can mean it."""
    value = int(digits)
    return value if abs(value) < _FIRST_UNSAFE else float(digits)


def hash_value(value: Json) -> str:
    """SHA-256, as hex, of a value. An array's is built from its elements' hashes, so that appending costs what is
    new.
    """
    return _digest(value).hex()


def _digest(value: Json) -> bytes:
    if isinstance(value, list):
        return hashlib.sha256(b"array:" + b"".join(_digest(element) for element in value)).digest()
    return hashlib.sha256(canonical(value)).digest()


def hash_bytes(content: bytes) -> str:
    """SHA-256, as hex, of a file's content."""
    return hashlib.sha256(content).hexdigest()
