"""One fan-out as its items end (docs/format.md, Fan-out)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.core.board import Ending, Result
from engine.expressions import MISSING, Json, Missing, to_text
from engine.log.events import Counts, ErrorInfo, Output
from engine.spec.model import ItemErrorPolicy, Merge, Node, Policy

LLM_MAX_ITEMS = 1_000
"""The default of for_each.max_items for LLM and CLI kinds."""


@dataclass(slots=True)
class FanOut:
    """The items of one vertex by index: `outputs` of those that succeeded, `errors` of those that failed."""

    node: Node
    size: int
    outputs: dict[int, Output] = field(default_factory=dict)
    errors: dict[int, ErrorInfo] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)

    @property
    def ended(self) -> bool:
        """Whether every item has."""
        return self.tally.total() == self.size

    def succeeded(self, index: int, output: Output, *, restored: bool) -> None:
        """An item has its output."""
        self.outputs[index] = output
        self.tally["cached" if restored else "completed"] += 1

    def failed(self, index: int, error: ErrorInfo) -> None:
        """An item has failed for good."""
        self.errors[index] = error
        self.tally["failed"] += 1

    def cancelled(self) -> None:
        """An item was stopped, or will not begin."""
        self.tally["cancelled"] += 1

    @property
    def stops_run(self) -> bool:
        """Whether one failed item ends the run: the fan-out fails with it, and its node says `fail_run`."""
        fails = self.node.for_each is not None and self.node.for_each.on_item_error is ItemErrorPolicy.FAIL
        return fails and self.node.on_error.policy is Policy.FAIL_RUN

    @property
    def counts(self) -> Counts:
        """How many items ended in each way."""
        return Counts(**self.tally)

    def result(self, merges: Mapping[str, Merge]) -> tuple[Result, ErrorInfo | None]:
        """How the vertex ended, its items' outputs in item order; with the error where it failed."""
        in_order = [self.outputs[index] for index in sorted(self.outputs)]
        deltas = tuple(output.state_delta for output in in_order if output.state_delta)
        outputs = [output.edge_output for output in in_order if output.has_edge_output]
        edge_output: Json | Missing = outputs if outputs else MISSING
        error = self._item_error() or _set_once_conflict(deltas, merges)
        return Result(Ending.FAILED if error else Ending.DONE, deltas, edge_output), error

    def _item_error(self) -> ErrorInfo | None:
        assert self.node.for_each is not None
        if not self.errors or self.node.for_each.on_item_error is ItemErrorPolicy.CONTINUE:
            return None
        first = min(self.errors)
        cause = self.errors[first]
        return ErrorInfo(
            cause.type,
            f"{len(self.errors)} of {self.size} items failed; item {first}: {cause.message}",
            cause.location,
        )


def _set_once_conflict(deltas: tuple[Mapping[str, Json], ...], merges: Mapping[str, Merge]) -> ErrorInfo | None:
    first: dict[str, Json] = {}
    for delta in deltas:
        for name, value in delta.items():
            if merges.get(name) is not Merge.SET_ONCE or value is None:
                continue
            if name in first and first[name] != value:
                return ErrorInfo(
                    "set_once",
                    f"two items wrote different values to '{name}', whose merge is set_once: "
                    f"{to_text(first[name])[:80]} and {to_text(value)[:80]}",
                )
            first.setdefault(name, value)
    return None
