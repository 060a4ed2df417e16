"""How the run itself, and the vertices that end without an execution, read in the log. Builds events, writes none."""

from __future__ import annotations

import os
import socket

from engine import __version__
from engine.cache.keying import Keying
from engine.cache.original import Original
from engine.canonical import hash_bytes
from engine.core.tasks import FanOutEnded, Finish, VertexCancelled, VertexFailed, VertexSkipped
from engine.log.events import (
    Event,
    ExperienceRef,
    Lineage,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    RunFinished,
    RunStarted,
)
from engine.log.secrets import MASK
from engine.log.view import RunView, add
from engine.runner.preparation import Preparation


def run_started(run_id: str, preparation: Preparation, keying: Keying) -> RunStarted:
    """The first event of a run."""
    secret = preparation.secret_args
    experience, loaded, original = preparation.experience, preparation.loaded, preparation.original
    return RunStarted(
        args={name: MASK if name in secret else value for name, value in preparation.args.items()},
        state=preparation.start,
        experience=ExperienceRef(experience.name, experience.version, str(loaded.path)),
        nodes=preparation.graph.order,
        spec_hash=hash_bytes(loaded.text.encode("utf-8", "surrogatepass")),
        files=keying.files(experience.nodes),
        original_run_id=original.run_id if original else None,
        lineage=_lineage(original) if original else Lineage(run_id),
        engine=f"oe-lsp {__version__}",
        pid=os.getpid(),
        host=socket.gethostname(),
    )


def run_finished(finish: Finish, view: RunView, original: Original | None, duration_ms: float) -> RunFinished:
    """The last event of a run."""
    return RunFinished(
        status=finish.status,
        reason=finish.reason,
        counts=view.counts,
        spent=view.spent,
        inherited=view.inherited,
        lineage=add(original.lineage_spent, view.spent) if original else view.spent,
        duration_ms=duration_ms,
    )


def fanout_ended(command: FanOutEnded, duration_ms: float) -> NodeCompleted | NodeFailed:
    """The event of a fan-out as a whole: its parts are what a resume restores."""
    if command.error is None:
        return NodeCompleted(node_id=command.node_id, counts=command.counts, duration_ms=duration_ms)
    return NodeFailed(node_id=command.node_id, error=command.error, counts=command.counts, duration_ms=duration_ms)


def vertex_event(command: VertexFailed | VertexSkipped | VertexCancelled) -> Event:
    """The event of a vertex that ended without any execution."""
    if isinstance(command, VertexFailed):
        return NodeFailed(node_id=command.node_id, error=command.error)
    if isinstance(command, VertexSkipped):
        return NodeSkipped(node_id=command.node_id, reason=command.reason, cause=command.cause)
    return NodeCancelled(node_id=command.node_id, reason=command.reason, cause=command.cause)


def _lineage(original: Original) -> Lineage:
    before = original.started.lineage
    root = before.root_run_id if before else original.run_id
    return Lineage(root, (before.depth if before else 0) + 1, original.lineage_spent)
