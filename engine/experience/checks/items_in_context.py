"""Each item checked against what is around it, and carried over to the next text as long as neither changes.

What one item shows alone is reading/items.py's; what only the whole graph shows, ids_and_edges.py's and dataflow.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from engine.experience.checks.conditions import check_condition, check_list, check_references
from engine.experience.checks.dataset_sources import check_source
from engine.experience.checks.named_files import check_files
from engine.experience.checks.nested_interface import check_child
from engine.experience.checks.outputs import check_outputs
from engine.experience.checks.path_lookup import Scope, World, items_of, scope_of, scope_of_condition
from engine.experience.checks.prompts import check_prompt
from engine.experience.graph.node_context import Around, Surroundings
from engine.experience.json_schema.inference import ANYTHING
from engine.experience.model import AgentSpec, CliAgentSpec, DatasetSpec, Edge, ExperienceSpec, Loop, Node, Pipeline
from engine.experience.problems import Problem
from engine.experience.reading.items import Item
from engine.experience.reading.parts import Parts
from engine.experience.reading.sections import Section


class Checked(Struct, frozen=True):
    """What was found, by list and position; relative to the item. `whats` are the items and what was around them.

    `spare` is what was found while something else was around an item, the last time that it changed: whoever types a
    name takes the graph apart and puts it together again with every letter.
    """

    world: World
    around: Surroundings
    items: Mapping[str, tuple[Item[Any], ...]]
    whats: Mapping[str, _Whats]
    found: Mapping[str, _Findings]
    spare: Mapping[str, _Known]

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What was found, at its places in the text."""
        for name, section in _sections(parts):
            for position, problems in enumerate(self.found[name]):
                if problems:
                    by = section.span(position).start
                    yield from (problem.shift(by) for problem in problems)


def check_in_context(parts: Parts, around: Surroundings, world: World, previous: Checked | None) -> Checked:
    """Check every item that, or whose surroundings, `previous` did not have; take the others from there."""
    before = previous if previous is not None and previous.world is world else None
    whats: dict[str, _Whats] = {}
    found: dict[str, _Findings] = {}
    spare: dict[str, _Known] = {}
    for name, section in _sections(parts):
        # Nodes that are stages depend on the pipelines, too, so they are looked at each time.
        if before and before.around is around and before.items[name] is section.items and name != "nodes":
            whats[name], found[name], spare[name] = before.whats[name], before.found[name], before.spare[name]
            continue
        whats[name] = _whats(name, section, around, parts)
        found[name], spare[name] = _carried_over(name, whats[name], before, world)
    return Checked(world, around, {name: section.items for name, section in _sections(parts)}, whats, found, spare)


_Whats = tuple[tuple[Item[Any], Any], ...]
_Findings = tuple[tuple[Problem, ...], ...]
_Known = Mapping[int, tuple[object, tuple[Problem, ...]]]
"""By the identity of an item: what was around it, and what was found."""
_Check = Callable[[Item[Any], Any, World], Iterator[Problem]]


def _sections(parts: Parts) -> tuple[tuple[str, Section[Any]], ...]:
    return (("nodes", parts.nodes), ("edges", parts.edges), ("pipelines", parts.pipelines), ("loops", parts.loops))


def _whats(name: str, section: Section[Any], around: Surroundings, parts: Parts) -> _Whats:
    """Each item with what its check depends on beside the world; None where it has nothing to be checked."""
    if name == "nodes":
        return tuple([(item, _of_node(item, around, parts)) for item in section.items])
    if name == "edges":
        return tuple([(item, _of_edge(item, around)) for item in section.items])
    return tuple([(item, (around.of(item.id.text), around.whole) if item.id else None) for item in section.items])


def _of_node(item: Item[Node], around: Surroundings, parts: Parts) -> object:
    if item.id is None or item.model is None:
        return None
    here = around.of(item.id.text)
    sources = (
        tuple(
            pipeline.model.items
            for pipeline in parts.pipelines.items
            if pipeline.model and pipeline.model.id in here.item_of
        )
        if here.item_of
        else ()
    )
    return here, around.whole, sources


def _of_edge(item: Item[Edge], around: Surroundings) -> object:
    if item.model is None or item.model.when is None:
        return None
    return around.of(item.model.to), around.whole


def _carried_over(name: str, whats: _Whats, before: Checked | None, world: World) -> tuple[_Findings, _Known]:
    known, spare = _known(before, name), before.spare[name] if before else {}
    findings: list[tuple[Problem, ...]] = []
    kept: dict[int, tuple[object, tuple[Problem, ...]]] = {}
    for item, what in whats:
        last, other = known.get(id(item)), spare.get(id(item))
        if last is not None and last[0] == what:
            findings.append(last[1])
        elif other is not None and other[0] == what:
            findings.append(other[1])
            other = last
        else:
            findings.append(tuple(_CHECKS[name](item, what, world)))
            other = last
        if other is not None:
            kept[id(item)] = other
    return tuple(findings), kept


def _known(before: Checked | None, name: str) -> _Known:
    if before is None:
        return {}
    pairs = zip(before.whats[name], before.found[name], strict=True)
    return {id(item): (what, found) for (item, what), found in pairs}


def _check_node(item: Item[Node], what: tuple[Around, bool, tuple[str, ...]] | None, world: World) -> Iterator[Problem]:
    node, view = item.model, item.view
    if what is None or node is None or view is None:
        return
    around, edges_known, sources = what
    outer = scope_of(around, edges_known=edges_known, item=_item_of_stage(sources, world) if sources else None)
    inner = outer
    if node.for_each is not None:
        yield from check_list(view, node.for_each.source, ("for_each", "source"), outer, world)
        inner = Scope(outer.senders, items_of(node.for_each.source, outer, world), outer.in_pipeline, outer.in_loop)
    for key in ("args", "inputs", "source"):
        if key in node.source:
            yield from check_references(view, node.source[key], (key,), inner, world)
    if isinstance(node.spec, (AgentSpec, CliAgentSpec)):
        yield from check_prompt(view, node, inner, world)
    yield from check_outputs(view, node, inner, world)
    yield from check_files(view, node, around, world)
    if isinstance(node.spec, DatasetSpec):
        yield from check_source(view, node.spec, around, world)
    elif isinstance(node.spec, ExperienceSpec):
        yield from check_child(view, node, node.spec, world)


def _item_of_stage(sources: tuple[str, ...], world: World) -> Mapping[str, Any]:
    """The schema of what a stage works on; nothing is known of it in several pipelines."""
    return items_of(sources[0], Scope(None), world) if len(sources) == 1 else ANYTHING


def _check_edge(item: Item[Edge], what: tuple[Around, bool] | None, world: World) -> Iterator[Problem]:
    edge, view = item.model, item.view
    if what is None or edge is None or view is None or edge.when is None:
        return
    scope = scope_of_condition(what[0], edges_known=what[1])
    yield from check_condition(view, "when", edge.when, scope, world)


def _check_pipeline(item: Item[Pipeline], what: tuple[Around, bool] | None, world: World) -> Iterator[Problem]:
    if what is not None and item.model is not None and item.view is not None:
        scope = scope_of_condition(what[0], edges_known=what[1])
        yield from check_list(item.view, item.model.items, ("items",), scope, world)


def _check_loop(item: Item[Loop], what: tuple[Around, bool] | None, world: World) -> Iterator[Problem]:
    if what is not None and item.model is not None and item.view is not None and item.model.until is not None:
        scope = Scope(what[0].senders if what[1] else None, in_loop=True)
        yield from check_condition(item.view, "until", item.model.until, scope, world)


_CHECKS: Mapping[str, _Check] = {
    "nodes": _check_node,
    "edges": _check_edge,
    "pipelines": _check_pipeline,
    "loops": _check_loop,
}
