"""Rebuilds the work of an execution from the input that its log recorded."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from engine.experience.model import Node
from engine.expressions import Json
from engine.log.events.events import Input, Scope, ScopeKind
from engine.nodes.kind import Work, WorkItem, WorkLoop


def recorded_work(node: Node, received: Input, scope: tuple[Scope, ...], run_args: Mapping[str, Json]) -> Work:
    """The work of `node` with an input whose values are resolved; `run_args` are those of the run, as logged."""
    item = next((step.item for step in reversed(scope) if step.item is not None), None)
    loop = next((step for step in reversed(scope) if step.kind is ScopeKind.LOOP), None)
    return Work(
        node,
        "",
        received.args,
        received.reads,
        received.edges,
        run_args,
        item=None if item is None or received.item is UNSET else WorkItem(received.item, item.index),
        given=received.given,
        pipeline=next((step.id for step in reversed(scope) if step.kind is ScopeKind.PIPELINE), None),
        loop=None if loop is None else WorkLoop(loop.id, loop.iteration or 0),
    )
