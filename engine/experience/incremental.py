"""All that is worked out beyond single items, and what the next analysis can keep of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.experience.checks.dataflow import Remark, check_dataflow
from engine.experience.checks.ids_and_edges import Shape
from engine.experience.checks.items_in_context import Checked, check_in_context
from engine.experience.checks.path_lookup import World
from engine.experience.files.port import Files
from engine.experience.graph.dataflow import DataFlow, FieldFacts, fields_of, read_dataflow
from engine.experience.graph.node_context import Makers, Surroundings, surroundings
from engine.experience.model import StateField
from engine.experience.nested.declarations import Declarations
from engine.experience.problems import Problem
from engine.experience.reading.parts import Parts


class Knowledge(Struct, frozen=True):
    """What each item's surroundings and the flow of data show. `flow` is None where that cannot be known."""

    shape: Shape
    makers: Makers
    fields: tuple[StateField, ...]
    around: Surroundings
    checked: Checked
    facts: tuple[FieldFacts, ...]
    flow: DataFlow | None
    remarks: tuple[Remark, ...]

    def flow_problems(self, parts: Parts) -> Iterator[Problem]:
        """What the flow of data shows, at its places in the text. While there are errors, it may only echo them."""
        return (remark.problem(parts) for remark in self.remarks)


def read_knowledge(
    parts: Parts,
    shape: Shape,
    files: Files,
    nested: Mapping[str, Declarations],
    previous: Knowledge | None,
    *,
    readable: bool,
) -> Knowledge:
    """Check what lies around each item; what has not changed since `previous` is taken from there.

    `readable`: all of the text could be read. The flow of data is only looked at then, since what a part that could
    not be read would say may change all of it.
    """
    fields = parts.fields.models()
    same_fields = previous is not None and _are_the_same(fields, previous.fields)
    makers = _makers(parts)
    whole = readable and _is_whole(parts, shape)
    world = _world(parts, fields, files, nested, previous if same_fields else None)
    facts = previous.facts if previous is not None and same_fields else fields_of(parts)
    flow = None
    if whole and not shape.cycles and parts.fields.known_whole:
        flow = read_dataflow(parts, shape.topology, facts, nested, previous.flow if previous else None)
    around = _around(shape, makers, flow, previous, whole=whole)
    checked = check_in_context(parts, around, world, previous.checked if previous else None)
    if flow is None:
        remarks: tuple[Remark, ...] = ()
    elif previous is not None and flow is previous.flow:
        remarks = previous.remarks
    else:
        remarks = tuple(check_dataflow(flow))
    return Knowledge(shape, makers, fields, around, checked, facts, flow, remarks)


def _makers(parts: Parts) -> Makers:
    return Makers(
        {item.flow.id: item.flow.kind for item in parts.nodes.items if item.flow is not None},
        {item.model.id: item.model.produces for item in parts.nodes.items if item.model and item.model.produces},
    )


def _is_whole(parts: Parts, shape: Shape) -> bool:
    """Whether every id is known, and every edge leads from and to one."""
    return (
        not shape.strangers
        and not shape.repeats
        and all(section.known_whole for section in parts.all if section.view)
        and all(item.id is not None for section in parts.with_ids for item in section.items)
    )


def _around(
    shape: Shape, makers: Makers, flow: DataFlow | None, previous: Knowledge | None, *, whole: bool
) -> Surroundings:
    """What is around everything: the same object as long as it says the same."""
    if previous is None:
        return surroundings(shape.topology, makers, _ancestors(flow), whole=whole)
    same_graph = previous.shape is shape and previous.flow is flow and previous.makers == makers
    if same_graph and previous.around.whole is whole:
        return previous.around
    found = surroundings(shape.topology, makers, _ancestors(flow), whole=whole)
    return previous.around if found == previous.around else found


def _ancestors(flow: DataFlow | None) -> Mapping[str, int] | None:
    return flow.waiting.ancestors if flow is not None else None


def _world(
    parts: Parts,
    fields: tuple[StateField, ...],
    files: Files,
    nested: Mapping[str, Declarations],
    previous: Knowledge | None,
) -> World:
    """What can be named; `previous` had the same fields. The same object as long as it says the same: that is how what
    was checked is known again.
    """
    args = parts.shell.value.get("args")
    declared = {**args, "type": "object"} if isinstance(args, dict) else None
    if previous is not None:
        before = previous.checked.world
        if before.files is files and before.args == declared and before.nested == nested:
            return before
    return World({field.name: field.schema for field in fields}, declared, files, nested)


def _are_the_same(fields: tuple[StateField, ...], others: tuple[StateField, ...]) -> bool:
    return len(fields) == len(others) and all(one is other for one, other in zip(fields, others, strict=True))
