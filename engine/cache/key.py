"""The input hash of an execution and the parts it is made of (docs/design.md, Resume, Input hash). Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps

from engine.cache.fingerprints import Fingerprint
from engine.cache.relevance import CHANGES_RESULT
from engine.canonical import hash_value
from engine.core.inputs import ItemValue
from engine.expressions import Json
from engine.spec.model import Node

HASH_VERSION = 1
_PART_DIGITS = 12
_MISSING_FILE = "0" * 64

Parts = Mapping[str, str]
"""Name of a part to the SHA-256, as 64 hex digits, of what it holds."""


@dataclass(frozen=True, slots=True)
class InputKey:
    """What an execution is recognised by. `parts` are shortened to 12 hex digits: they explain, the hash decides."""

    hash: str
    parts: Mapping[str, str]


def input_key(parts: Parts) -> InputKey:
    """The key over all parts."""
    text = dumps({**parts, "version": str(HASH_VERSION)}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return InputKey(
        hashlib.sha256(text.encode()).hexdigest(), {name: part[:_PART_DIGITS] for name, part in parts.items()}
    )


def spec_parts(node: Node, settings: Mapping[str, Json]) -> dict[str, str]:
    """The fields of the node that can change its result, and the settings that can (model, provider)."""
    parts = {f"spec.{name}": hash_value(value) for name, value in node.source.items() if name in CHANGES_RESULT}
    parts.update((name, hash_value(value)) for name, value in settings.items())
    return parts


def file_parts(fingerprints: Mapping[str, Fingerprint]) -> dict[str, str]:
    """The content of the node's files; a missing file is a content of its own."""
    return {name: fingerprint.digest or _MISSING_FILE for name, fingerprint in fingerprints.items()}


def value_parts(prefix: str, values: Mapping[str, Json]) -> dict[str, str]:
    """Values by name, such as `reads.findings`."""
    return {f"{prefix}.{name}": hash_value(value) for name, value in values.items()}


def item_parts(item: ItemValue, *, with_index: bool) -> dict[str, str]:
    """An item's value; its index only where something names it."""
    parts = {"item": hash_value(item.value)}
    if with_index:
        parts["index"] = hash_value(item.index)
    return parts


def names_index(node: Node, fingerprints: Mapping[str, Fingerprint]) -> bool:
    """Whether the node or one of its files mentions `$index`, so that an item's place can change its result."""
    return any(fingerprint.names_index for fingerprint in fingerprints.values()) or "$index" in dumps(node.source)
