"""Checks addresses against the experience and the original run: what they name must exist. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from engine.cache.decisions.address import (
    Address,
    AddressError,
    Step,
    covers,
    levels_of_path,
    parse_address,
)
from engine.cache.decisions.execution_path import ExecutionPath
from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.experience.model import ExperienceSpec, Loop, Pipeline
from engine.scheduler.composition import Composition

_MOST_NAMED = 10


def find_address(text: str, composition: Composition, original: RecordedOutcomes) -> Address:
    """The address `text`, all of which exists in `composition`, and whose items and iterations `original` has.

    Raises AddressError.
    """
    address = parse_address(text)
    for depth, within in enumerate(compositions_on(address, composition)):
        step, so_far = address[depth], address[: depth + 1]
        if step.first is not None:
            _check_iteration(so_far, within, original)
        if step.index is not None:
            _check_index(so_far, within, original)
    return address


def compositions_on(address: Address, outermost: Composition) -> Iterator[Composition]:
    """The experience that each step is in, the outermost first. Raises AddressError if there is no such node."""
    within = outermost
    for depth, step in enumerate(address):
        _check_id(step, within)
        yield within
        if depth + 1 < len(address):
            within = _nested(step, within)


def vertex_of(id_: str, composition: Composition) -> str:
    """The vertex with this id, or the pipeline or loop that the node with this id belongs to."""
    pipeline, loop = pipeline_of(id_, composition), loop_of(id_, composition)
    return pipeline.id if pipeline is not None else loop.id if loop is not None else id_


def pipeline_of(id_: str, composition: Composition) -> Pipeline | None:
    """The pipeline with this id, or with this stage."""
    return next((each for each in composition.experience.pipelines if id_ in (each.id, *each.stages)), None)


def loop_of(id_: str, composition: Composition) -> Loop | None:
    """The loop with this id, or with this body."""
    return next((each for each in composition.experience.loops if id_ in (each.id, each.body)), None)


def node_id_of(step: Step, composition: Composition) -> str:
    """The node that a step names; for a loop, that is its body."""
    loop = loop_of(step.id, composition)
    return step.id if loop is None else loop.body


def _check_id(step: Step, composition: Composition) -> None:
    known = tuple(dict.fromkeys((*composition.graph.order, *(node.id for node in composition.experience.nodes))))
    if step.id not in known:
        names = ", ".join(get_close_matches(step.id, known) or known[:_MOST_NAMED])
        raise AddressError(f"no node '{step.id}' in {composition.path}. Nodes: {names}")


def _nested(step: Step, composition: Composition) -> Composition:
    id_ = node_id_of(step, composition)
    nested = composition.nested.get(id_)
    if nested is not None:
        return nested
    node = next((node for node in composition.experience.nodes if node.id == id_), None)
    if node is None:
        stages = next(each.stages for each in composition.experience.pipelines if each.id == id_)
        raise AddressError(f"{id_} is a pipeline; name one of its stages: {', '.join(stages)}")
    if isinstance(node.spec, ExperienceSpec):
        raise AddressError(f"{node.spec.impl}, which {id_} nests, is not there or has errors")
    raise AddressError(f"{id_} nests no experience, so nothing is inside it")


def _check_iteration(address: Address, composition: Composition, original: RecordedOutcomes) -> None:
    step = address[-1]
    loop = loop_of(step.id, composition)
    if loop is None:
        raise AddressError(f"{step.id} is no loop, so it has no iterations")
    every = (*address[:-1], Step(loop.id))
    found = [
        levels_of_path(path)[len(address) - 1].iteration
        for path in _recorded_paths(original)
        if covers(every, levels_of_path(path), original.lists)
    ]
    count = max((iteration + 1 for iteration in found if iteration is not None), default=0)
    if (step.first or 0) >= count:
        raise AddressError(_out_of_range(loop.id, "iteration", step.first or 0, count, original))


def _check_index(address: Address, composition: Composition, original: RecordedOutcomes) -> None:
    step = address[-1]
    pipeline, id_ = pipeline_of(step.id, composition), node_id_of(step, composition)
    node = next((node for node in composition.experience.nodes if node.id == id_), None)
    if pipeline is None and (node is None or node.for_each is None):
        raise AddressError(f"{step.id} has no items: it is no fan-out, no pipeline and no stage of one")
    group = id_ if pipeline is None else pipeline.id
    every = (*address[:-1], Step(group, step.first, step.last))
    sizes = [size for path, size in original.lists.sizes.items() if _is_group(path, every, original)]
    parts = 1 if pipeline is None else max(1, len(pipeline.stages))
    count = max(sizes, default=0) // parts
    if (step.index or 0) >= count:
        raise AddressError(_out_of_range(step.id, "item", step.index or 0, count, original))


def _is_group(path: ExecutionPath, address: Address, original: RecordedOutcomes) -> bool:
    """Whether the group at `path` itself is what the address stands for."""
    levels = levels_of_path(path)
    return len(levels) == len(address) and path[1] == address[-1].id and covers(address, levels, original.lists)


def _recorded_paths(original: RecordedOutcomes) -> Iterator[ExecutionPath]:
    yield from original.outcomes
    yield from original.ends
    yield from original.open


def _out_of_range(id_: str, what: str, number: int, count: int, original: RecordedOutcomes) -> str:
    run = f"run {original.run_id[:8]}"
    if count == 0:
        return f"{id_} has no {what} {number}: it had none in {run}"
    had = f"one {what}, 0" if count == 1 else f"{count} {what}s, 0 to {count - 1}"
    return f"{id_} has no {what} {number}: in {run} it had {had}"
