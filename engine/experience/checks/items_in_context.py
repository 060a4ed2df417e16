"""Runs the checks of single items, and keeps what they found as long as neither the item nor its context changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from engine.experience.checks.contexts import ItemContext
from engine.experience.checks.path_resolution import Environment, Scope, items_of
from engine.experience.checks.registry import ITEM_CHECKS
from engine.experience.graph.node_context import Around, Surroundings
from engine.experience.json_schema.inference import ANYTHING
from engine.experience.model import Edge, Loop, Node, Pipeline
from engine.experience.problems import Problem
from engine.experience.reading.items import Item
from engine.experience.reading.parts import Parts
from engine.experience.reading.sections import Section


class Inputs(Struct, frozen=True):
    """What the checks of an item depend on, beside the item and the environment.

    `sources` are the lists of items of the pipelines that a node is a stage of.
    """

    around: Around
    edges_known: bool
    sources: tuple[str, ...] = ()


_Problems = tuple[Problem, ...]
_Results = Mapping[int, tuple[Inputs | None, _Problems]]
"""By the identity of an item: the inputs of its checks, and what they found."""


class CheckedItems(Struct, frozen=True):
    """Problems of items by list and position, relative to the item; with the inputs of their checks.

    `earlier` are the results for the inputs that an item had before its present ones: typing a name in another item
    breaks the graph and mends it with every letter, so the same inputs come back.
    """

    env: Environment
    around: Surroundings
    items: Mapping[str, tuple[Item[Any], ...]]
    inputs: Mapping[str, tuple[Inputs | None, ...]]
    found: Mapping[str, tuple[_Problems, ...]]
    earlier: Mapping[str, _Results]

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """The problems at their places in the text."""
        for name, section in _sections(parts):
            for position, problems in enumerate(self.found[name]):
                if problems:
                    by = section.span(position).start
                    yield from (problem.shift(by) for problem in problems)


def check_items(parts: Parts, around: Surroundings, env: Environment, previous: CheckedItems | None) -> CheckedItems:
    """Check every item that is new, or has another context than in `previous`; take over the results of the others."""
    before = previous if previous is not None and previous.env is env else None
    inputs: dict[str, tuple[Inputs | None, ...]] = {}
    found: dict[str, tuple[_Problems, ...]] = {}
    earlier: dict[str, _Results] = {}
    for name, section in _sections(parts):
        # Nodes that are stages depend on the pipelines, too, so they are compared each time.
        if before and before.around is around and before.items[name] is section.items and name != "nodes":
            inputs[name], found[name], earlier[name] = before.inputs[name], before.found[name], before.earlier[name]
            continue
        inputs[name] = tuple([_inputs(name, item, around, parts) for item in section.items])
        found[name], earlier[name] = _carry_over(name, section.items, inputs[name], before, env)
    return CheckedItems(
        env, around, {name: section.items for name, section in _sections(parts)}, inputs, found, earlier
    )


def _sections(parts: Parts) -> tuple[tuple[str, Section[Any]], ...]:
    return (("nodes", parts.nodes), ("edges", parts.edges), ("pipelines", parts.pipelines), ("loops", parts.loops))


def _inputs(name: str, item: Item[Any], around: Surroundings, parts: Parts) -> Inputs | None:
    """The inputs of an item's checks; None if there is nothing to check."""
    if name == "edges":
        edge = item.model
        return Inputs(around.of(edge.to), around.whole) if edge is not None and edge.when is not None else None
    if item.id is None or item.model is None:
        return None
    here = around.of(item.id.text)
    if name != "nodes" or not here.item_of:
        return Inputs(here, around.whole)
    pipelines = parts.pipelines.models()
    return Inputs(here, around.whole, tuple(each.items for each in pipelines if each.id in here.item_of))


def _carry_over(
    name: str,
    items: tuple[Item[Any], ...],
    inputs: tuple[Inputs | None, ...],
    before: CheckedItems | None,
    env: Environment,
) -> tuple[tuple[_Problems, ...], _Results]:
    """Per item the last result, or the one before it, if that had the same inputs; else check it now."""
    known, earlier = _results(before, name), before.earlier[name] if before else {}
    found: list[_Problems] = []
    kept: dict[int, tuple[Inputs | None, _Problems]] = {}
    for item, given in zip(items, inputs, strict=True):
        last, other = known.get(id(item)), earlier.get(id(item))
        if last is not None and last[0] == given:
            found.append(last[1])
        elif other is not None and other[0] == given:
            found.append(other[1])
            other = last
        else:
            found.append(_check(name, item, given, env))
            other = last
        if other is not None:
            kept[id(item)] = other
    return tuple(found), kept


def _results(before: CheckedItems | None, name: str) -> _Results:
    if before is None:
        return {}
    results = zip(before.items[name], before.inputs[name], before.found[name], strict=True)
    return {id(item): (inputs, found) for item, inputs, found in results}


def _check(name: str, item: Item[Any], inputs: Inputs | None, env: Environment) -> _Problems:
    if inputs is None or item.model is None or item.view is None:
        return ()
    scope = _scope(item.model, inputs, env)
    context = ItemContext(item.model, item.view, inputs.around, scope, _inner(item.model, scope, env), env)
    return tuple(problem for check in ITEM_CHECKS[name] for problem in check(context))


def _scope(model: Node | Edge | Pipeline | Loop, inputs: Inputs, env: Environment) -> Scope:
    """What the item itself may refer to. Conditions and lists are evaluated before anything of their target runs."""
    senders = inputs.around.senders if inputs.edges_known else None
    if isinstance(model, Loop):
        return Scope(senders, in_loop=True)
    if not isinstance(model, Node):
        return Scope(senders)
    item = _item_of_stage(inputs.sources, env) if inputs.sources else None
    return Scope(senders, item, in_pipeline=bool(inputs.around.item_of), in_loop=inputs.around.in_loop)


def _inner(model: Node | Edge | Pipeline | Loop, scope: Scope, env: Environment) -> Scope:
    """What one execution of the item may refer to: in a fan-out, `$item`, too."""
    if not isinstance(model, Node) or model.for_each is None:
        return scope
    return Scope(scope.senders, items_of(model.for_each.source, scope, env), scope.in_pipeline, scope.in_loop)


def _item_of_stage(sources: tuple[str, ...], env: Environment) -> Mapping[str, Any]:
    """The schema of what a stage works on; nothing is known of it in several pipelines."""
    return items_of(sources[0], Scope(None), env) if len(sources) == 1 else ANYTHING
