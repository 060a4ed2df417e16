"""What a run has done so far at each box of a graph: its executions, their status and duration, and its cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from engine.log.events.events import ScopeKind
from engine.log.humanize import place_text
from engine.log.reading.view import NodeStatus
from engine.report.drawing.diagram import Box
from engine.report.executions import Execution
from engine.report.status_signs import gravest

MOST_CELLS = 200
"""Of more items, only the shares of their statuses are shown."""


class Cell(Struct, frozen=True):
    """One item or iteration: its status, its name among the others, and why it failed or did not run.

    Of more than MOST_CELLS, only the status is known.
    """

    status: NodeStatus
    name: str
    why: str = ""


class BoxState(Struct, frozen=True):
    """The executions of a box, of which there are several inside what is repeated.

    `cells` are its items or iterations, or several executions. `duration_ms` is that of a single execution.
    """

    status: NodeStatus = NodeStatus.PENDING
    executions: tuple[Execution, ...] = ()
    cells: tuple[Cell, ...] = ()
    duration_ms: float | None = None

    @property
    def single(self) -> Execution | None:
        """Its only execution."""
        return self.executions[0] if len(self.executions) == 1 else None


def box_state(box: Box, executions: Sequence[Execution]) -> BoxState:
    """The state of a box with these executions, the items of groups in order."""
    single = executions[0] if len(executions) == 1 else None
    status = single.status if single is not None else gravest({each.status for each in executions})
    duration = single.duration_ms if single is not None else None
    return BoxState(status, tuple(executions), tuple(_cells(box, executions)), duration)


def by_node(executions: Iterable[Execution]) -> dict[str, list[Execution]]:
    """The executions by their nodes."""
    found: dict[str, list[Execution]] = {}
    for execution in executions:
        found.setdefault(execution.node_id, []).append(execution)
    return found


def executions_inside(box: Box, executions: Iterable[Execution]) -> dict[str, list[Execution]]:
    """The executions of the boxes of its inner picture, by node: those for all items and iterations."""
    parts = [part for execution in executions for part in execution.parts_in_order]
    if not box.parts and box.repeats is not None:
        parts = [inner for part in parts if _is_item(part) for inner in part.parts_in_order]
    return by_node(parts)


_BARE = {status: Cell(status, "") for status in NodeStatus}


def _cells(box: Box, executions: Sequence[Execution]) -> Iterable[Cell]:
    count = sum(len(execution.parts) for execution in executions)
    if box.repeats is not None and box.kind != "pipeline" and count > MOST_CELLS:
        return [_BARE[part.status] for execution in executions for part in execution.parts]
    if box.kind == "pipeline":
        return _pipeline_cells(box, executions)
    if box.repeats is not None:
        return [_cell(part) for execution in executions for part in execution.parts_in_order]
    return [_cell(execution) for execution in executions] if len(executions) > 1 else ()


def _cell(execution: Execution) -> Cell:
    why = execution.error.message if execution.error is not None else execution.reason or ""
    name = place_text(execution.node_id, execution.scope) if len(execution.scope) > 1 else execution.label
    return Cell(execution.status, name, why)


def _pipeline_cells(box: Box, executions: Sequence[Execution]) -> Iterable[Cell]:
    """One for each item: it has failed where a stage has, and has completed with its last stage."""
    items: dict[tuple[int, int], list[Execution]] = {}
    for number, execution in enumerate(executions):
        for part in execution.parts:
            item = part.scope[-1].item if part.scope else None
            if item is not None:
                items.setdefault((number, item.index), []).append(part)
    for _, index in sorted(items):
        stages = items[_, index]
        statuses = {stage.status for stage in stages}
        ended = len(stages) >= len(box.parts) or NodeStatus.FAILED in statuses
        worst = next((stage for stage in stages if stage.error is not None), None)
        status = gravest(statuses) if ended else NodeStatus.RUNNING
        yield Cell(status, f"{box.id}[{index}]", worst.error.message if worst and worst.error else "")


def _is_item(execution: Execution) -> bool:
    return bool(execution.scope) and execution.scope[-1].kind is ScopeKind.FANOUT
