"""Identifies executions across runs, by node and surrounding groups. Pure."""

from __future__ import annotations

from engine.log.events.events import Scope

ExecutionPath = tuple[tuple[tuple[str, str, str | None, int | None], ...], str]
"""The scope (kind, id, item key, iteration), without item indexes, and the node's id (docs/design.md, The run log)."""


def path_of(node_id: str, scope: tuple[Scope, ...]) -> ExecutionPath:
    """The path of the execution of `node_id` inside `scope`."""
    steps = tuple((step.kind.value, step.id, step.item.key if step.item else None, step.iteration) for step in scope)
    return steps, node_id
