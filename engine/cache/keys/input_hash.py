"""The input hash of an execution, and its parts (docs/design.md, Resume, Input hash). Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from engine.cache.keys.fingerprints import Fingerprint
from engine.cache.keys.relevance import BY_VALUE, CHANGES_RESULT
from engine.canonical import hash_value
from engine.experience.model import Node
from engine.expressions import Json
from engine.scheduler.state.inputs import ItemValue
from engine.scheduler.value_digest import HashOf, hash_openly, key_of, without_key

HASH_VERSION = 1
_PART_DIGITS = 12
_INDEX = "$index"
_IN_ORDER = msgspec.json.Encoder(order="deterministic").encode
MISSING = "0" * 64
"""Stands for the digest of a missing file."""

_IS_DATA = re.compile(r"(?:^|\.)(?:source|uses) ")

RUN_ARGS = "runArgs"
RUN_ARG = f"{RUN_ARGS}."

UsedArgs = frozenset[str] | None
"""The parts of the run args that a node receives; None for all."""

Parts = Mapping[str, str]
"""Name of a part to the SHA-256 of its value, as 64 hex digits; for a secret, hashed with the user's key."""


class InputKey(Struct, frozen=True):
    """The identity of an execution. `hash` decides; `parts`, shortened to 12 hex digits, explain it.

    `keyed` maps the parts that come from a secret to the ids of the keys that they were hashed with. `used_args` are
    the parts of the run args that the node receives, and `used` is the hash without the others, if there are any.
    """

    hash: str
    parts: Mapping[str, str]
    keyed: Mapping[str, str] = {}
    used_args: UsedArgs = None
    used: str | None = None

    def counts(self, part: str) -> bool:
        """Whether the part `part` can change the result of the node."""
        return is_used(part, self.used_args)


def input_key(parts: Parts, used_args: UsedArgs = None) -> InputKey:
    """The key over all parts; of the run args, the node receives `used_args`."""
    short = {name: without_key(part)[:_PART_DIGITS] for name, part in parts.items()}
    keyed = {name: key for name, part in parts.items() if (key := key_of(part)) is not None}
    used = {name: part for name, part in parts.items() if is_used(name, used_args)}
    return InputKey(_hashed(parts), short, keyed, used_args, _hashed(used) if len(used) < len(parts) else None)


def is_used(part: str, used_args: UsedArgs) -> bool:
    """Whether a part can change the result of a node that receives `used_args` of the run args."""
    return used_args is None or not part.startswith(RUN_ARG) or part in used_args


def _hashed(parts: Parts) -> str:
    return hashlib.sha256(_IN_ORDER({**parts, "version": str(HASH_VERSION)})).hexdigest()


def spec_parts(node: Node) -> dict[str, str]:
    """The fields of the node that can change its result."""
    return {f"spec.{name}": hash_value(value) for name, value in node.source.items() if name in CHANGES_RESULT}


def settings_parts(settings: Mapping[str, Json]) -> dict[str, str]:
    """Settings that can change a result: the model, the provider, the rows of a query."""
    return {name: hash_value(value) for name, value in settings.items()}


def file_parts(fingerprints: Mapping[str, Fingerprint]) -> dict[str, str]:
    """The content of the node's files; a missing file counts as a content of its own.

    Line ends count only in data: text reads the same with those of another system.
    """
    return {
        name: (fingerprint.digest if _IS_DATA.search(name) else fingerprint.text_digest) or MISSING
        for name, fingerprint in fingerprints.items()
    }


def value_parts(
    prefix: str, values: Mapping[str, Json], shown: Mapping[str, Json] | None = None, hash_of: HashOf = hash_openly
) -> dict[str, str]:
    """Values by name, such as `reads.findings`. `shown` is as much of them as people may see."""
    visible = values if shown is None else shown
    return {f"{prefix}.{name}": hash_of(value, visible[name]) for name, value in values.items()}


def item_parts(item: ItemValue, *, with_index: bool, hash_of: HashOf = hash_openly) -> dict[str, str]:
    """The value of an item, and its index if something refers to it."""
    parts = {"item": hash_of(item.value, item.visible)}
    if with_index:
        parts["index"] = hash_value(item.index)
    return parts


def names_index(node: Node) -> bool:
    """Whether a key that counts mentions `$index`, so that the index of an item can change its result."""
    return any(
        (name in CHANGES_RESULT or name in BY_VALUE) and _INDEX in str(value) for name, value in node.source.items()
    )
