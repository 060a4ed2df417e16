"""The lists of fan-outs and pipelines, and the keys of their items (docs/format.md, Fan-out)."""

from __future__ import annotations

from collections import Counter
from typing import cast

from engine.experience.model import ForEach, Node
from engine.expressions import MISSING, Json, Missing, kind_of, parse_reference
from engine.log.events.events import ErrorInfo
from engine.log.secrets.masking import MASK
from engine.scheduler.slots import LLM_KINDS
from engine.scheduler.state.inputs import Context, ItemValue, has_secrets, lookup, named
from engine.scheduler.value_digest import HashOf, hash_openly, key_of, without_key

LLM_MAX_ITEMS = 1_000
"""The default of for_each.max_items for LLM and CLI kinds."""

_KEY_DIGITS = 16

Items = tuple[ItemValue, ...]


def item_values(
    values: list[Json], shown: list[Json] | None = None, hash_of: HashOf = hash_openly
) -> tuple[ItemValue, ...]:
    """The items of a list, with index and key: 16 hex digits of the value's hash, `#`, ordinal among equal values.

    The key identifies an item by its value, wherever it is in the list (docs/design.md, The run log). `shown` is as
    much of each value as people may see.
    """
    shown = values if shown is None else shown
    hashes = [hash_of(value, visible) for value, visible in zip(values, shown, strict=True)]
    digests = [without_key(each)[:_KEY_DIGITS] for each in hashes]
    equals = Counter(digests)
    seen: Counter[str] = Counter()
    items = []
    for index, (value, digest) in enumerate(zip(values, digests, strict=True)):
        visible = MISSING if shown is values or shown[index] == value else shown[index]
        key = f"{digest}#{seen[digest]}"
        items.append(ItemValue(value, index, key, equals[digest], visible, key_of(hashes[index])))
        seen[digest] += 1
    return tuple(items)


def items_at(source: str, values: list[Json], context: Context) -> Items:
    """The items of the list that `source` refers to in `context`."""
    hash_of = context.visible_state.results.hash_of
    if not has_secrets(context):
        return item_values(values, None, hash_of)
    shown = named(source, lookup(context, shown=True))
    same_length = isinstance(shown, list) and len(shown) == len(values)
    return item_values(values, cast("list[Json]", shown) if same_length else [MASK] * len(values), hash_of)


def for_each_items(node: Node, for_each: ForEach, found: Json | Missing) -> list[Json] | ErrorInfo:
    """The items of a fan-out of `node`, whose source has the value `found`; or the error."""
    values = list_items("for_each.source", for_each.source, node.id, found)
    if isinstance(values, ErrorInfo):
        return values
    most = for_each.max_items
    if most is None and node.kind in LLM_KINDS:
        most = LLM_MAX_ITEMS
    if most is not None and len(values) > most:
        return ErrorInfo(
            "for_each",
            f"for_each.source {for_each.source} has {len(values)} items, more than for_each.max_items allows ({most}). "
            f"If that is meant, set `max_items: {len(values)}` under for_each of {node.id}.",
        )
    return values


def list_items(key: str, written: str, vertex: str, found: Json | Missing) -> list[Json] | ErrorInfo:
    """The list of `vertex`: the value `found` of `key`, which is `written` in the YAML; or the error."""
    kind = key.split(".", maxsplit=1)[0]
    if parse_reference(written) is None:
        return ErrorInfo(kind, f"{key} must be a reference to a list, such as $.files, not the text '{written}'")
    if found is MISSING:
        return ErrorInfo(kind, f"{key} {written} names nothing: no node that ran before {vertex} wrote it")
    if not isinstance(found, list):
        return ErrorInfo(kind, f"{key} {written} is {kind_of(found).value}, not a list")
    return found
