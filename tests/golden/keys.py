"""The input hashes of an experience that has a node of every kind, and what they are made of, as JSON on stdout."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from engine.cache.keys.input_hash import input_key
from engine.cache.keys.input_parts import InputHashers, execution_parts, received_parts
from engine.cache.keys.sources import new_sources
from engine.experience.load import load
from engine.expressions import Json
from engine.nodes.registry import kinds
from engine.runner.prepare import prepare_run
from engine.scheduler.items import item_values
from engine.scheduler.state.inputs import Context, Inside, args_of, given_of, lookup, reads_of
from engine.scheduler.state.results import Results
from engine.scheduler.state.visible_state import VisibleState

_ARGS: dict[str, Json] = {"token": "secret", "city": "Oslo"}
_STATE: dict[str, Json] = {"text": "née", "rows": [{"name": "A", "n": "1"}]}
_EDGES: dict[str, Json] = {"before": [1, 2.50, {"b": None, "a": "\u2028"}]}


def keys_of(folder: Path, *, backwards: bool = False) -> dict[str, dict[str, Json]]:
    """By node: `hash` and `parts`. `backwards` gives every mapping in the other order."""
    order = reversed if backwards else iter
    preparation = prepare_run(load(folder), dict(order(list(_ARGS.items()))))
    results = Results(preparation.composition, preparation.args, dict(order(list(_STATE.items()))))
    hasher = InputHashers(kinds(folder), preparation.composition, new_sources({})).of(results)
    item = item_values([{"n": 1, "name": "A"}])[0]
    found: dict[str, dict[str, Json]] = {}
    for node in preparation.experience.nodes:
        inside = Inside() if node.for_each is None else Inside().fanout(node.id, item)
        context = Context(VisibleState(results, node.id), _EDGES, inside)
        find = lookup(context)
        args, given = args_of(node, find).value, given_of(node, find).value
        assert isinstance(args, dict)
        assert isinstance(given, dict)
        received = received_parts(reads_of(context.visible_state, node), context.edges)
        key = input_key(execution_parts(hasher.node(node, given), received, args, context.inside.item))
        found[node.id] = {"hash": key.hash, "parts": dict(key.parts)}
    return found


if __name__ == "__main__":
    print(json.dumps(keys_of(Path(sys.argv[1])), indent=1, sort_keys=True))
