"""Digests of values, for input parts and item keys. A keyed digest is prefixed with the id of its key, such as
`1a2b3c4d:`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.canonical import hash_value
from engine.expressions import Json

HashOf = Callable[[Json, Json], str]
"""Gives the digest of a value; the second argument is as much of it as people may see."""


def keyed(key_id: str, digest: str) -> str:
    """A digest that was made with the key `key_id`."""
    return f"{key_id}:{digest}"


def key_of(digest: str) -> str | None:
    """The id of the key that a digest was made with; None if it was made without one."""
    return digest.partition(":")[0] if ":" in digest else None


def without_key(digest: str) -> str:
    """The hex digits of the digest, without the id of its key."""
    return digest.rpartition(":")[2]


def hash_openly(value: Json, _shown: Json) -> str:
    """The digest without a key."""
    return hash_value(value)
