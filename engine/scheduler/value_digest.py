"""Digests of values, as parts of input hashes and keys of items have them. One that was made with a key says which:
`1a2b3c4d:` stands before it. Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.canonical import hash_value
from engine.expressions import Json

HashOf = Callable[[Json, Json], str]
"""Gives the digest of a value; the second value is as much of it as people may see."""


def keyed(key_id: str, digest: str) -> str:
    """A digest that was made with the key that logs name `key_id`."""
    return f"{key_id}:{digest}"


def key_of(digest: str) -> str | None:
    """The id of the key that a digest was made with; None where anybody could make it."""
    return digest.partition(":")[0] if ":" in digest else None


def without_key(digest: str) -> str:
    """The digest's own hex digits."""
    return digest.rpartition(":")[2]


def hash_openly(value: Json, _shown: Json) -> str:
    """The digest that anybody could make."""
    return hash_value(value)
