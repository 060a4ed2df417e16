"""Compares two runs: statuses, inputs, outputs, durations and costs of their executions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from msgspec import UNSET, Struct

from engine.cache.plan.explanation import Change
from engine.json_types import Json
from engine.log.events.events import Output
from engine.log.humanize import duration, money
from engine.log.reading.view import NodeStatus
from engine.log.values.input_values import InputValues
from engine.log.values.large_values import no_blobs
from engine.report.changes import change_lines
from engine.report.executions import Execution, History, in_order
from engine.report.received_inputs import received

_NOTABLE_MS = 100.0
_NOTABLE_FACTOR = 1.5


class Side(Struct, frozen=True):
    """An execution in one of the runs. Without a status, the run does not have it."""

    status: NodeStatus | None = None
    duration_ms: float | None = None
    cost_usd: float | None = None
    error: str | None = None


class Difference(Struct, frozen=True):
    """One node, item or iteration. `inputs` and `outputs` describe the parts that differ."""

    label: str
    depth: int
    left: Side
    right: Side
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether status, inputs and outputs are the same. Restored counts as completed."""
        return (
            _comparable(self.left.status) is _comparable(self.right.status)
            and not self.inputs
            and not self.outputs
            and self.left.error == self.right.error
        )


_NO_VALUES = InputValues((), no_blobs)


def compare(
    left: History, right: History, before: InputValues = _NO_VALUES, after: InputValues = _NO_VALUES
) -> tuple[Difference, ...]:
    """Every execution of either run, in topological order; items are matched by value, not by index.

    `before` and `after` hold the inputs of the executions.
    """
    places = dict.fromkeys(execution.place for run in (left, right) for execution in in_order(run.executions))
    order = _merged_order(left, right)
    return tuple(
        _difference(left.by_place.get(place), right.by_place.get(place), before, after)
        for place in sorted(places, key=lambda place: order[place[0][0][1] if place[0] else place[1]])
    )


def difference_lines(differences: tuple[Difference, ...]) -> Iterator[str]:
    """The differences as text. Equal executions are only counted, unless their durations differ much."""
    shown = [difference for difference in differences if not difference.is_same or _duration_differs(difference)]
    width = max((len(each.label) + 2 * each.depth for each in shown), default=0)
    for each in shown:
        sign = "=" if each.is_same else "≠"
        yield f"{sign} {'  ' * each.depth + each.label:<{width}}  {_summary(each)}"
        for what in (*each.inputs, *each.outputs):
            yield f"      {what}"
        for side, name in ((each.left, "left"), (each.right, "right")):
            if side.error and each.left.error != each.right.error:
                yield f"      {name} failed: {side.error}"
    same = sum(1 for each in differences if each.is_same)
    yield f"{same} of {len(differences)} executions have the same status, inputs and outputs"


def differences_to_json(differences: tuple[Difference, ...]) -> list[Json]:
    """The differences as JSON: one object for each execution, including equal ones."""
    return [
        {
            "node": each.label,
            "same": each.is_same,
            "left": _side_to_json(each.left),
            "right": _side_to_json(each.right),
            "inputs": list(each.inputs),
            "outputs": list(each.outputs),
        }
        for each in differences
    ]


def _merged_order(left: History, right: History) -> Mapping[str, int]:
    ids = dict.fromkeys(execution.node_id for run in (right, left) for execution in run.executions)
    return {id_: place for place, id_ in enumerate(ids)}


def _difference(left: Execution | None, right: Execution | None, before: InputValues, after: InputValues) -> Difference:
    one = cast(Execution, right or left)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    if left is not None and right is not None:
        if dict(left.input_parts) != dict(right.input_parts):
            inputs = tuple(_changed_inputs(left, right, received(left, before), received(right, after)))
        ends = _values(left.output), _values(right.output)
        outputs = tuple(_changed("output", *ends, *ends))
        if left.output is None or right.output is None:
            outputs = ()
        if not left.input_parts or not right.input_parts:
            inputs = ()
    return Difference(one.label, len(one.scope), _side(left), _side(right), inputs, outputs)


def _changed_inputs(
    left: Execution, right: Execution, before: Mapping[str, Json], after: Mapping[str, Json]
) -> Iterator[str]:
    """The inputs that differ; of secrets only that they do, if both are hashed with the same key."""
    secret = {*left.keyed_parts, *right.keyed_parts}
    known = ({name: value for name, value in side.items() if name not in secret} for side in (before, after))
    both = left.input_parts.keys() & right.input_parts.keys()
    other_keys = {name for name in secret & both if left.keyed_parts.get(name) != right.keyed_parts.get(name)}
    parts = (
        {name: part for name, part in side.input_parts.items() if name not in other_keys} for side in (left, right)
    )
    yield from _changed("input", *parts, *known)
    yield from (f"input {name} comes from a secret and cannot be compared" for name in sorted(other_keys))


def _changed(
    what: str,
    left: Mapping[str, Json],
    right: Mapping[str, Json],
    before: Mapping[str, Json],
    after: Mapping[str, Json],
) -> Iterator[str]:
    for name in dict.fromkeys((*left, *right)):
        if name not in right:
            yield f"{what} {name} is only in the left run"
        elif name not in left:
            yield f"{what} {name} is only in the right run"
        elif left[name] != right[name]:
            known = name in before and name in after
            lines = change_lines(Change(name, before[name], after[name])) if known else []
            if len(lines) == 1:
                yield f"{what} {name} differs{lines[0].removeprefix(name)}"
            else:
                yield f"{what} {name} differs"
                yield from lines[1:]


def _values(output: Output | None) -> Mapping[str, Json]:
    if output is None:
        return {}
    edge = {"edge output": output.edge_output} if output.edge_output is not UNSET else {}
    return {**output.state_delta, **edge}


def _side(execution: Execution | None) -> Side:
    if execution is None:
        return Side()
    metrics = execution.metrics
    error = execution.error.message if execution.error is not None else None
    return Side(execution.status, execution.duration_ms, metrics.cost_usd if metrics is not None else None, error)


def _comparable(status: NodeStatus | None) -> NodeStatus | None:
    return NodeStatus.COMPLETED if status is NodeStatus.CACHED else status


def _duration_differs(each: Difference) -> bool:
    """Whether a node that was executed in both runs took much longer in one."""
    left, right = each.left, each.right
    if left.status is not NodeStatus.COMPLETED or right.status is not NodeStatus.COMPLETED or each.depth:
        return False
    slow, fast = (
        max(left.duration_ms or 0.0, right.duration_ms or 0.0),
        min(left.duration_ms or 0.0, right.duration_ms or 0.0),
    )
    return slow - fast > _NOTABLE_MS and slow > fast * _NOTABLE_FACTOR


def _summary(each: Difference) -> str:
    left, right = (side.status.value if side.status is not None else "absent" for side in (each.left, each.right))
    parts = [left if left == right else f"{left} → {right}"]
    times = [duration(side.duration_ms) if side.duration_ms is not None else "" for side in (each.left, each.right)]
    if all(times):
        parts.append(times[0] if times[0] == times[1] else f"{times[0]} → {times[1]}")
    costs = [money(side.cost_usd) if side.cost_usd else "" for side in (each.left, each.right)]
    if any(costs) and costs[0] != costs[1]:
        parts.append(f"{costs[0] or '$0'} → {costs[1] or '$0'}")
    return " · ".join(parts)


def _side_to_json(side: Side) -> Json:
    if side.status is None:
        return None
    return {
        "status": side.status.value,
        "durationMs": side.duration_ms,
        "costUsd": side.cost_usd,
        "error": side.error,
    }
