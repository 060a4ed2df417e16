"""Tasks, the commands of the scheduler, and the events that it handles. Data only."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.experience.model import Node
from engine.expressions import Json
from engine.log.events.events import (
    Cause,
    Counts,
    ErrorInfo,
    Input,
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
    """Tasks that queue together. Lanes with a lower `order` go first; at most `limit` tasks of a lane run at once."""

    order: tuple[int, ...]
    limit: int | None = None


class Task(Struct, frozen=True, eq=False):
    """One execution that the scheduler wants: a node and what it receives. Compared by identity.

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
        """The scope for the log."""
        return self.inside.scope

    @property
    def item(self) -> ItemValue | None:
        """Its item, if any."""
        return self.inside.item


class Consider(Struct, frozen=True):
    """Restore `task`, or run it."""

    task: Task


class GroupBegan(Struct, frozen=True):
    """A fan-out, pipeline, loop or nested experience began. `parts` is how many it has (for a loop, at most).

    `received` is what a nested experience received, as far as people may see it.
    """

    node_id: str
    scope: tuple[Scope, ...]
    parts: int
    received: Input | None = None


class GroupEnded(Struct, frozen=True):
    """All parts of a fan-out, pipeline, loop or nested experience ended; it failed if there is an `error`."""

    node_id: str
    scope: tuple[Scope, ...]
    counts: Counts
    error: ErrorInfo | None = None


class Failed(Struct, frozen=True):
    """A vertex, or a part of one, failed before its execution began."""

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
    """A vertex, or a part of one, had not ended, or not begun, when its run was stopped."""

    node_id: str
    scope: tuple[Scope, ...]
    reason: str
    cause: Cause | None


class Warn(Struct, frozen=True):
    """A warning for the author."""

    node_id: str
    scope: tuple[Scope, ...]
    message: str


class Unknown(Struct, frozen=True):
    """The end of a fan-out, pipeline, loop or nested experience is not known (plans only).

    Without `reasons`, it depends on its own parts.
    """

    node_id: str
    scope: tuple[Scope, ...]
    reasons: tuple[str, ...] = ()


class FailRun(Struct, frozen=True):
    """The failure of `node_id` ends the run of its graph. Handled within the scheduler, by the GraphRun."""

    node_id: str


class StopAll(Struct, frozen=True):
    """Within `scope`, begin nothing more, stop what runs, and report the end of each wanted task."""

    scope: tuple[Scope, ...]
    reason: str


class Limit(Struct, frozen=True, eq=False):
    """Report a TimeOver for this attempt of a nested experience after `timeout_ms`. Compared by identity."""

    node: Node
    scope: tuple[Scope, ...]

    @property
    def timeout_ms(self) -> int:
        """How long the attempt may take."""
        return self.node.timeout_ms


class TryLater(Struct, frozen=True, eq=False):
    """An attempt of a nested experience failed: report a TryAgain after the wait of its node's `on_error`.

    Compared by identity.
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
"""The events that end a task."""


class TimeOver(Struct, frozen=True):
    """The time of a Limit is over."""

    limit: Limit

    @property
    def node_id(self) -> str:
        """The node that nests the experience."""
        return self.limit.node.id

    @property
    def scope(self) -> tuple[Scope, ...]:
        """The scope of that node."""
        return self.limit.scope


class TryAgain(Struct, frozen=True):
    """The wait of a TryLater is over."""

    later: TryLater

    @property
    def node_id(self) -> str:
        """The node that nests the experience."""
        return self.later.node.id

    @property
    def scope(self) -> tuple[Scope, ...]:
        """The scope of that node."""
        return self.later.scope


SchedulerEvent = TaskEnd | TimeOver | TryAgain
"""The events that the scheduler handles."""
