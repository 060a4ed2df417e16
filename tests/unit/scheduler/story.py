"""The events of a run of the pure scheduler, and names for its executions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.expressions import Json
from engine.log.events.events import Output, RunStatus, Scope, ScopeKind
from engine.scheduler.tasks import Command, Failed, Finish, GroupEnded, Limit, Skipped, Task, TryLater, Warn


@dataclass
class Story:
    """What happened in a run, in order."""

    executed: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    outputs: dict[str, Output] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    groups: dict[str, GroupEnded] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    most_at_once: int = 0
    status: RunStatus | None = None
    reason: str | None = None
    state: Mapping[str, Json] = field(default_factory=dict)

    def note(self, command: Command) -> None:
        """Keep what the scheduler said, beside what it wants to be run."""
        if isinstance(command, Skipped):
            self.skipped[named(command.node_id, command.scope)] = command.reason
        elif isinstance(command, Failed):
            self.failed[named(command.node_id, command.scope)] = command.error.message
        elif isinstance(command, GroupEnded):
            self.groups[named(command.node_id, command.scope)] = command
        elif isinstance(command, Warn):
            self.warnings.append(command.message)
        elif isinstance(command, TryLater):
            self.retried.append(command.error.message)
        elif isinstance(command, Limit):
            self.limits.append(command)
        elif isinstance(command, Finish):
            self.status, self.reason = command.status, command.reason


def name_of(task: Task) -> str:
    """How a test names an execution: `each[0]`, `rows[1].parse`, `polish#2.revise`, `child/inner`."""
    return named(task.node.id, task.scope)


def named(node_id: str, scope: tuple[Scope, ...]) -> str:
    parts = [
        (f"{step.id}[{step.item.index}]" if step.item else f"{step.id}#{step.iteration}")
        if step.kind is not ScopeKind.EXPERIENCE
        else f"{step.id}/"
        for step in scope
    ]
    if scope and scope[-1].kind is ScopeKind.FANOUT and scope[-1].id == node_id:
        return ".".join(parts).replace("/.", "/")
    return ".".join([*parts, node_id]).replace("/.", "/")
