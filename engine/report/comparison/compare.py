"""Compares the executions of two runs: statuses, inputs, outputs, durations and costs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from msgspec import Struct

from engine.log.humanize import place_text
from engine.log.reading.view import NodeStatus
from engine.log.values.input_values import InputValues
from engine.log.values.large_values import no_blobs
from engine.report.comparison.values import (
    FindText,
    ValueDifference,
    input_differences,
    output_differences,
    value_lines,
)
from engine.report.executions import Execution, History, in_order

_NOTABLE_MS = 100.0
_NOTABLE_FACTOR = 1.5


class Side(Struct, frozen=True):
    """An execution in one of the runs. Without a status, the run does not have it.

    `reasons` say why a resume ran it, or restored it although its inputs changed.
    """

    status: NodeStatus | None = None
    duration_ms: float | None = None
    cost_usd: float | None = None
    error: str | None = None
    tokens: int | None = None
    reasons: tuple[str, ...] = ()
    attempts: int = 1


class Difference(Struct, frozen=True):
    """One node, item or iteration; `address` says where it is, as in `rows[0]/check`, and `vertex` in which vertex."""

    label: str
    depth: int
    left: Side
    right: Side
    input_differences: tuple[ValueDifference, ...] = ()
    output_differences: tuple[ValueDifference, ...] = ()
    address: str = ""
    vertex: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that differ, in lines."""
        return tuple(line for each in self.input_differences for line in value_lines(each))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs that differ, in lines."""
        return tuple(line for each in self.output_differences for line in value_lines(each))

    @property
    def is_same(self) -> bool:
        """Whether status, inputs and outputs are the same. Restored counts as completed."""
        return (
            _comparable(self.left.status) is _comparable(self.right.status)
            and not self.input_differences
            and not self.output_differences
            and self.left.error == self.right.error
        )

    @property
    def duration_differs(self) -> bool:
        """Whether a node that was executed in both runs took much longer in one."""
        left, right = self.left, self.right
        if left.status is not NodeStatus.COMPLETED or right.status is not NodeStatus.COMPLETED or self.depth:
            return False
        slow = max(left.duration_ms or 0.0, right.duration_ms or 0.0)
        fast = min(left.duration_ms or 0.0, right.duration_ms or 0.0)
        return slow - fast > _NOTABLE_MS and slow > fast * _NOTABLE_FACTOR


_NO_VALUES = InputValues((), no_blobs)


def compare(
    left: History,
    right: History,
    before: InputValues = _NO_VALUES,
    after: InputValues = _NO_VALUES,
    text: FindText = lambda _: None,
) -> tuple[Difference, ...]:
    """Every execution of either run, in topological order; items are matched by value, not by index.

    `before` and `after` hold the values of each run, `text` gives kept files by their hash.
    """
    places = dict.fromkeys(execution.place for run in (left, right) for execution in in_order(run.executions))
    order = _merged_order(left, right)
    return tuple(
        _difference(left.by_place.get(place), right.by_place.get(place), before, after, text)
        for place in sorted(places, key=lambda place: order[place[0][0][1] if place[0] else place[1]])
    )


def _merged_order(left: History, right: History) -> Mapping[str, int]:
    ids = dict.fromkeys(execution.node_id for run in (right, left) for execution in run.executions)
    return {id_: place for place, id_ in enumerate(ids)}


def _difference(
    left: Execution | None, right: Execution | None, before: InputValues, after: InputValues, text: FindText
) -> Difference:
    one = cast(Execution, right or left)
    inputs: tuple[ValueDifference, ...] = ()
    outputs: tuple[ValueDifference, ...] = ()
    if left is not None and right is not None:
        inputs = tuple(input_differences(left, right, before, after, text))
        outputs = tuple(output_differences(left, right, before, after))
    address = place_text(one.node_id, one.scope)
    vertex = one.scope[0].id if one.scope else one.node_id
    return Difference(one.label, len(one.scope), _side(left), _side(right), inputs, outputs, address, vertex)


def _side(execution: Execution | None) -> Side:
    if execution is None:
        return Side()
    metrics = execution.metrics
    return Side(
        execution.status,
        execution.duration_ms,
        metrics.cost_usd if metrics is not None else None,
        execution.error.message if execution.error is not None else None,
        (metrics.tokens_in or 0) + (metrics.tokens_out or 0) if metrics is not None else None,
        execution.reasons,
        1 + sum(1 for attempt in execution.tries if attempt.level == "node"),
    )


def _comparable(status: NodeStatus | None) -> NodeStatus | None:
    return NodeStatus.COMPLETED if status is NodeStatus.CACHED else status
