"""What the scheduler asks for and hears: tasks, the commands that the runner carries out, the events. Data only."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.experience.model import Node
from engine.expressions import Json
from engine.log.events.events import (
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
from engine.scheduler.state.inputs import Inside, ItemValue
from engine.scheduler.state.visible_state import VisibleState


class Lane(Struct, frozen=True, eq=False, weakref=True):
    """Tasks that queue together. `order` says whose turn is first; at most `limit` of them run at once."""

    order: tuple[int, ...]
    limit: int | None = None


class Task(Struct, frozen=True, eq=False):
    """One execution that is wanted: a node with what it receives. Two tasks are never equal, whatever they hold.

    `reads` and `edges` are the same objects for all items of a fan-out. `cache` allows to restore an outcome of the
    original run. `shown_args` and `shown_given` are as much of `args` and `given` as people may see; the same objects
    where that is everything.
    """

    node: Node
    visible_state: VisibleState
    inside: Inside
    lane: Lane
    args: Mapping[str, Json]
    given: Mapping[str, Json]
    reads: Mapping[str, Json]
    edges: Mapping[str, Json]
    cache: bool = True
    warnings: tuple[str, ...] = ()
    shown_args: Mapping[str, Json] = {}
    shown_given: Mapping[str, Json] = {}

    @property
    def scope(self) -> tuple[Scope, ...]:
        """What the log says it runs inside."""
        return self.inside.scope

    @property
    def item(self) -> ItemValue | None:
        """The item that it is for, if any."""
        return self.inside.item


class Consider(Struct, frozen=True):
    """Restore `task`, or run it."""

    task: Task


class GroupBegan(Struct, frozen=True):
    """A fan-out, pipeline, loop or nested experience began; it has so many parts (a loop: at most)."""

    node_id: str
    scope: tuple[Scope, ...]
    parts: int


class GroupEnded(Struct, frozen=True):
    """All parts of a fan-out, pipeline, loop or nested experience ended; it failed when `error` says so."""

    node_id: str
    scope: tuple[Scope, ...]
    counts: Counts
    error: ErrorInfo | None = None


class Failed(Struct, frozen=True):
    """A vertex, or a part of one, failed before any execution of it began."""

    node_id: str
    scope: tuple[Scope, ...]
    error: ErrorInfo


class Skipped(Struct, frozen=True):
    """A vertex, or a stage for an item, does not run."""

    node_id: str
    scope: tuple[Scope, ...]
    reason: str
    cause: Cause


class Cancelled(Struct, frozen=True):
    """A vertex, or a part of one, did not end, or did not begin, before its run was stopped."""

    node_id: str
    scope: tuple[Scope, ...]
    reason: str
    cause: Cause | None


class Warn(Struct, frozen=True):
    """Something the author should know; it goes on."""

    node_id: str
    scope: tuple[Scope, ...]
    message: str


class Unknown(Struct, frozen=True):
    """How a fan-out, pipeline, loop or nested experience ends depends on what has not run yet (plans only).

    Without `reasons`, on its own parts.
    """

    node_id: str
    scope: tuple[Scope, ...]
    reasons: tuple[str, ...] = ()


class FailRun(Struct, frozen=True):
    """The failure of `node_id` ends the run of its graph. Never leaves the core: the graph's run takes it."""

    node_id: str


class StopAll(Struct, frozen=True):
    """Within `scope`, begin nothing more; stop what runs, and report each task that was considered as ended."""

    scope: tuple[Scope, ...]
    reason: str


class Limit(Struct, frozen=True, eq=False):
    """Report a TimeOver for this attempt of a nested experience after `timeout_ms`. Two limits are never equal."""

    node: Node
    scope: tuple[Scope, ...]

    @property
    def timeout_ms(self) -> int:
        """How long that attempt may take."""
        return self.node.timeout_ms


class TryLater(Struct, frozen=True, eq=False):
    """This attempt of a nested experience failed: report a TryAgain once its node's `on_error` has been waited for.

    Two are never equal.
    """

    node: Node
    scope: tuple[Scope, ...]
    attempt: int
    error: ErrorInfo


class Finish(Struct, frozen=True):
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
    | Unknown
    | FailRun
    | StopAll
    | Limit
    | TryLater
    | Finish
)

TaskEnd = NodeCompleted | NodeCached | NodeFailed | NodeCancelled
"""The events that end a task which was considered."""


class TimeOver(Struct, frozen=True):
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


class TryAgain(Struct, frozen=True):
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


SchedulerEvent = TaskEnd | TimeOver | TryAgain
"""All that the scheduler hears."""
