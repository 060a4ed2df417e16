"""Where an outcome belongs in an experience, so that it is found again in another run. Pure."""

from __future__ import annotations

from engine.log.events.events import Scope

ExecutionPath = tuple[tuple[tuple[str, str, str | None, int | None], ...], str]
"""The scope without indexes, and the node's id (docs/design.md, The run log)."""


def path_of(node_id: str, scope: tuple[Scope, ...]) -> ExecutionPath:
    """The path of an execution."""
    steps = tuple((step.kind.value, step.id, step.item.key if step.item else None, step.iteration) for step in scope)
    return steps, node_id
