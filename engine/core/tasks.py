"""What the scheduler asks for and hears: tasks, the commands that the runner carries out, the events. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.inputs import Inside, ItemValue
from engine.core.sight import Sight
from engine.expressions import Json
from engine.log.events import (
    Cause,
    Counts,
    ErrorInfo,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    RunStatus,
    Scope,
)
from engine.spec.model import Node


@dataclass(frozen=True, eq=False)
class Lane:
    """Tasks that queue together. `order` says whose turn is first; at most `limit` of them run at once."""

    order: tuple[int, ...]
    limit: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One execution that is wanted: a node with what it receives. Two tasks are never equal, whatever they hold.

    `sight` is how it sees the state. `reads` and `edges` are the same objects for all items of a fan-out. `cache`:
    whether an outcome of the original may be restored.
    """

    node: Node
    sight: Sight
    inside: Inside
    lane: Lane
    args: Mapping[str, Json]
    given: Mapping[str, Json]
    reads: Mapping[str, Json]
    edges: Mapping[str, Json]
    cache: bool = True
    warnings: tuple[str, ...] = ()

    @property
    def scope(self) -> tuple[Scope, ...]:
        """What the log says it runs inside."""
        return self.inside.scope

    @property
    def item(self) -> ItemValue | None:
        """The item that it is for, if any."""
        return self.inside.item


@dataclass(frozen=True, slots=True)
class Consider:
    """Restore `task`, or run it."""

    task: Task


@dataclass(frozen=True, slots=True)
class GroupBegan:
    """A fan-out, pipeline, loop or nested experience began; it has so many parts (a loop: at most)."""

    node_id: str
    scope: tuple[Scope, ...]
    parts: int


@dataclass(frozen=True, slots=True)
class GroupEnded:
    """All parts of a fan-out, pipeline, loop or nested experience ended; it failed when `error` says so."""

    node_id: str
    scope: tuple[Scope, ...]
    counts: Counts
    error: ErrorInfo | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A vertex, or a part of one, failed before any execution of it began."""

    node_id: str
    scope: tuple[Scope, ...]
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class Skipped:
    """A vertex, or a stage for an item, does not run."""

    node_id: str
    scope: tuple[Scope, ...]
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A vertex, or a part of one, did not end, or did not begin, before its run was stopped."""

    node_id: str
    scope: tuple[Scope, ...]
    reason: str
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Warn:
    """Something the author should know; it goes on."""

    node_id: str
    scope: tuple[Scope, ...]
    message: str


@dataclass(frozen=True, slots=True)
class FailRun:
    """The failure of `node_id` ends the run of its graph. Never leaves the core: the graph's run takes it."""

    node_id: str


@dataclass(frozen=True, slots=True)
class StopAll:
    """Within `scope`, begin nothing more; stop what runs, and report each task that was considered as ended."""

    scope: tuple[Scope, ...]
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """Report a TimeOver for this attempt of a nested experience after `timeout_ms`. Two limits are never equal."""

    node: Node
    scope: tuple[Scope, ...]

    @property
    def timeout_ms(self) -> int:
        """How long that attempt may take."""
        return self.node.timeout_ms


@dataclass(frozen=True, slots=True, eq=False)
class TryLater:
    """This attempt of a nested experience failed: report a TryAgain once its node's `on_error` has been waited for.

    Two are never equal.
    """

    node: Node
    scope: tuple[Scope, ...]
    attempt: int
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class Finish:
    """The run is over."""

    status: RunStatus
    reason: str | None


Command = (
    Consider
    | GroupBegan
    | GroupEnded
    | Failed
    | Skipped
    | Cancelled
    | Warn
    | FailRun
    | StopAll
    | Limit
    | TryLater
    | Finish
)

TaskEnd = NodeCompleted | NodeCached | NodeFailed | NodeCancelled
"""The events that end a task which was considered."""


@dataclass(frozen=True, slots=True)
class TimeOver:
    """What a Limit asked for."""

    limit: Limit

    @property
    def node_id(self) -> str:
        """The nested experience's node."""
        return self.limit.node.id

    @property
    def scope(self) -> tuple[Scope, ...]:
        """What that runs inside."""
        return self.limit.scope


@dataclass(frozen=True, slots=True)
class TryAgain:
    """What a TryLater asked for."""

    later: TryLater

    @property
    def node_id(self) -> str:
        """The nested experience's node."""
        return self.later.node.id

    @property
    def scope(self) -> tuple[Scope, ...]:
        """What that runs inside."""
        return self.later.scope


Happening = TaskEnd | TimeOver | TryAgain
"""All that the scheduler hears."""
