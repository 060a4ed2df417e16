"""Finds the values of an execution's input parts: from its logged input, or in logs without inputs by their hash among
args, starting state and outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import UNSET

from engine.canonical import NotJsonError, hash_value
from engine.json_types import Json
from engine.log.values.input_values import InputValues, ValueLostError
from engine.report.executions import Execution, History, in_order

_PART_DIGITS = 12
_MOST_VALUES = 20_000
_DEEPEST = 4


def received(execution: Execution, values: InputValues) -> Mapping[str, Json]:
    """The input of an execution by input part: `reads.findings`, `item`; empty if it is lost."""
    if execution.input is None:
        return {}
    try:
        whole = values.whole(execution.input)
    except ValueLostError:
        return {}
    sections = {"args": whole.args, "reads": whole.reads, "edges": whole.edges, "inputs": whole.given}
    sections["source"] = whole.given
    parts = {f"{section}.{name}": value for section, found in sections.items() for name, value in found.items()}
    return {**parts, "item": whole.item} if whole.item is not UNSET else parts


class KnownValues:
    """Values by the prefix of their hash in `inputParts`."""

    def __init__(self, run: History, others: Iterable[Json] = ()) -> None:
        """`others` are further values that may be inputs, such as args in experience.yaml."""
        self._values: dict[str, Json] = {}
        for value in self._candidates(run, others):
            if len(self._values) >= _MOST_VALUES:
                break
            try:
                self._values.setdefault(hash_value(value)[:_PART_DIGITS], value)
            except NotJsonError:
                continue

    def behind(self, part: str) -> tuple[Json] | None:
        """The value, in a tuple, whose hash starts with `part`; None if it is unknown."""
        return (self._values[part],) if part in self._values else None

    def _candidates(self, run: History, others: Iterable[Json]) -> Iterator[Json]:
        started = run.started
        assert started is not None  # a log begins with it
        top: list[Json] = [*started.args.values(), *started.state.values(), *others]
        for execution in in_order(run.executions):
            if execution.output is not None:
                edge = execution.output.edge_output
                top += [*([] if edge is UNSET else [edge]), *execution.output.state_delta.values()]
        yield from top
        yield from self._folded(run)
        for value in top:
            yield from _inside(value, _DEEPEST)

    def _folded(self, run: History) -> Iterator[Json]:
        """Lists of the state after each vertex and iteration, in topological order (docs/format.md, State), and the
        lists of edge outputs of fan-outs.
        """
        assert run.started is not None
        lists = {name: list(value) for name, value in run.started.state.items() if isinstance(value, list)}
        for vertex in run.executions:
            delivered: list[Json] = []
            for execution in in_order([vertex]):
                output = execution.output
                if output is None:
                    continue
                if execution.scope and output.edge_output is not UNSET:
                    delivered.append(output.edge_output)
                for name, value in output.state_delta.items():
                    if isinstance(value, list):
                        lists.setdefault(name, []).extend(value)
                        if execution.scope and execution.scope[-1].iteration is not None:
                            yield list(lists[name])
            yield delivered
            yield from (list(value) for value in lists.values())


def _inside(value: Json, depth: int) -> Iterator[Json]:
    if depth == 0 or not isinstance(value, (list, Mapping)):
        return
    for element in value.values() if isinstance(value, Mapping) else value:
        yield element
        yield from _inside(element, depth - 1)
