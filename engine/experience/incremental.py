"""The checks beyond single items, and the facts of the graph that they need; carried over from text to text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.experience.checks.dataflow import FlowContext, FlowProblem
from engine.experience.checks.items_in_context import CheckedItems, check_items
from engine.experience.checks.path_resolution import Environment
from engine.experience.checks.registry import FLOW_CHECKS
from engine.experience.files.port import Files
from engine.experience.graph.dataflow import DataFlow, FieldFacts, fields_of, read_dataflow
from engine.experience.graph.node_context import Makers, Surroundings, surroundings
from engine.experience.graph.reachability import required_conditions
from engine.experience.graph.shape import Shape
from engine.experience.model import StateField
from engine.experience.nested.declarations import Declarations
from engine.experience.problems import Problem
from engine.experience.reading.parts import Parts


class CheckedGraph(Struct, frozen=True):
    """The facts of the whole graph, and what the checks found with them. `flow` is None if it cannot be known."""

    shape: Shape
    makers: Makers
    fields: tuple[StateField, ...]
    around: Surroundings
    items: CheckedItems
    field_facts: tuple[FieldFacts, ...]
    flow: DataFlow | None
    flow_problems: tuple[FlowProblem, ...]

    def problems_of_flow(self, parts: Parts) -> Iterator[Problem]:
        """The problems of reads and writes, at their places in the text. If there are errors, these may follow."""
        return (found.problem(parts) for found in self.flow_problems)


def check_graph(
    parts: Parts,
    shape: Shape,
    files: Files,
    nested: Mapping[str, Declarations],
    previous: CheckedGraph | None,
    *,
    readable: bool,
) -> CheckedGraph:
    """Check items in their context, and the flow of data; whatever did not change since `previous` is taken over.

    `readable`: the text has no syntax errors. The flow of data is unknown otherwise, since any part of the text that
    could not be read might change all of it.
    """
    fields = parts.fields.models()
    same_fields = previous is not None and _are_identical(fields, previous.fields)
    makers = _makers(parts)
    whole = readable and _is_whole(parts, shape)
    env = _environment(parts, fields, files, nested, previous if same_fields else None)
    field_facts = previous.field_facts if previous is not None and same_fields else fields_of(parts)
    flow = None
    if whole and not shape.cycles and parts.fields.known_whole:
        flow = read_dataflow(parts, shape.topology, field_facts, nested, previous.flow if previous else None)
    around = _around(shape, makers, flow, previous, whole=whole)
    items = check_items(parts, around, env, previous.items if previous else None)
    flow_problems = _check_flow(flow, previous)
    return CheckedGraph(shape, makers, fields, around, items, field_facts, flow, flow_problems)


def _check_flow(flow: DataFlow | None, previous: CheckedGraph | None) -> tuple[FlowProblem, ...]:
    if flow is None:
        return ()
    if previous is not None and flow is previous.flow:
        return previous.flow_problems
    context = FlowContext(flow, required_conditions(flow))
    return tuple(problem for check in FLOW_CHECKS for problem in check(context))


def _makers(parts: Parts) -> Makers:
    return Makers(
        {item.flow.id: item.flow.kind for item in parts.nodes.items if item.flow is not None},
        {item.model.id: item.model.produces for item in parts.nodes.items if item.model and item.model.produces},
    )


def _is_whole(parts: Parts, shape: Shape) -> bool:
    """Checks that every id is known, and every edge joins known ids."""
    return (
        not shape.has_unknown_ids
        and not shape.has_duplicate_ids
        and all(section.known_whole for section in parts.all if section.view)
        and all(item.id is not None for section in parts.with_ids for item in section.items)
    )


def _around(
    shape: Shape, makers: Makers, flow: DataFlow | None, previous: CheckedGraph | None, *, whole: bool
) -> Surroundings:
    """The context of every item: the same object as before if it is equal."""
    ancestors = flow.waiting.ancestors if flow is not None else None
    if previous is None:
        return surroundings(shape.topology, makers, ancestors, whole=whole)
    same_graph = previous.shape is shape and previous.flow is flow and previous.makers == makers
    if same_graph and previous.around.whole is whole:
        return previous.around
    found = surroundings(shape.topology, makers, ancestors, whole=whole)
    return previous.around if found == previous.around else found


def _environment(
    parts: Parts,
    fields: tuple[StateField, ...],
    files: Files,
    nested: Mapping[str, Declarations],
    previous: CheckedGraph | None,
) -> Environment:
    """What items may refer to: the same object as before if it is equal. `previous` has the same fields."""
    args = parts.shell.value.get("args")
    declared = {**args, "type": "object"} if isinstance(args, dict) else None
    if previous is not None:
        before = previous.items.env
        if before.files is files and before.args == declared and before.nested == nested:
            return before
    return Environment({field.name: field.schema for field in fields}, declared, files, nested)


def _are_identical(fields: tuple[StateField, ...], others: tuple[StateField, ...]) -> bool:
    return len(fields) == len(others) and all(one is other for one, other in zip(fields, others, strict=True))
