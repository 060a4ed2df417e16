"""What the scheduler asks for and says: tasks, and the commands that the runner carries out. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.inputs import ItemValue
from engine.expressions import Json
from engine.log.events import Cause, Counts, ErrorInfo, Item, RunStatus, Scope, ScopeKind
from engine.spec.model import Node


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One execution that is wanted: a node, or one item of it, with what it receives.

    `position` is its vertex's place in the order. Two tasks are never equal, whatever they hold.
    """

    node: Node
    position: int
    args: Mapping[str, Json]
    reads: Mapping[str, Json]
    edges: Mapping[str, Json]
    item: ItemValue | None = None
    warnings: tuple[str, ...] = ()

    @property
    def scope(self) -> tuple[Scope, ...]:
        """What the execution runs inside: its fan-out, if it is an item."""
        return scope_of(self.node, self.item)


def scope_of(node: Node, item: ItemValue | None) -> tuple[Scope, ...]:
    """The scope of an execution of `node`: nothing, or the fan-out and the item."""
    return () if item is None else (Scope(ScopeKind.FANOUT, node.id, Item(item.index, item.key)),)


@dataclass(frozen=True, slots=True)
class Consider:
    """Restore `task`, or run it."""

    task: Task


@dataclass(frozen=True, slots=True)
class FanOutBegan:
    """The fan-out `node_id` has so many items; each will be considered."""

    node_id: str
    items: int


@dataclass(frozen=True, slots=True)
class FanOutEnded:
    """All items of the fan-out ended; it failed when `error` says so."""

    node_id: str
    counts: Counts
    error: ErrorInfo | None = None


@dataclass(frozen=True, slots=True)
class VertexFailed:
    """A vertex failed before any execution of it began."""

    node_id: str
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class VertexSkipped:
    """A vertex does not run."""

    node_id: str
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class VertexCancelled:
    """A vertex did not end, or did not begin, before the run was stopped."""

    node_id: str
    reason: str
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class StopAll:
    """Begin nothing more; stop what runs, and report each task that was considered as ended."""

    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The run is over."""

    status: RunStatus
    reason: str | None


Command = Consider | FanOutBegan | FanOutEnded | VertexFailed | VertexSkipped | VertexCancelled | StopAll | Finish
