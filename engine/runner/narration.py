"""How the run itself, and the vertices that end without an execution, read in the log. Builds events, writes none."""

from __future__ import annotations

import os
import socket

from engine import __version__
from engine.cache.keying import Keyings
from engine.cache.original import Original
from engine.canonical import hash_bytes
from engine.core.board import Board
from engine.core.tasks import Cancelled, Failed, Finish, GroupEnded, Skipped, Warn
from engine.log.events import (
    Event,
    ExperienceRef,
    Lineage,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeWarning,
    RunFinished,
    RunStarted,
)
from engine.log.secrets import MASK
from engine.log.view import RunView, add
from engine.runner.preparation import Preparation
from engine.runner.wrote import wrote


def run_started(run_id: str, preparation: Preparation, keyings: Keyings) -> RunStarted:
    """The first event of a run."""
    secret = preparation.secret_args
    experience, loaded, original = preparation.experience, preparation.loaded, preparation.original
    return RunStarted(
        args={name: MASK if name in secret else value for name, value in preparation.args.items()},
        state=preparation.start,
        experience=ExperienceRef(experience.name, experience.version, str(loaded.path)),
        nodes=preparation.graph.order,
        spec_hash=hash_bytes(loaded.text.encode("utf-8", "surrogatepass")),
        files=keyings.files(preparation.composition),
        settings=preparation.settings,
        original_run_id=original.run_id if original else None,
        lineage=_lineage(original) if original else Lineage(run_id),
        engine=f"oe-lsp {__version__}",
        pid=os.getpid(),
        host=socket.gethostname(),
    )


def run_finished(
    finish: Finish, view: RunView, original: Original | None, board: Board, duration_ms: float
) -> RunFinished:
    """The last event of a run."""
    return RunFinished(
        status=finish.status,
        reason=finish.reason,
        counts=view.counts,
        spent=view.spent,
        inherited=view.inherited,
        lineage=add(original.lineage_spent, view.spent) if original else view.spent,
        wrote=wrote(board),
        duration_ms=duration_ms,
    )


def group_ended(command: GroupEnded, duration_ms: float) -> NodeCompleted | NodeFailed:
    """The event of a fan-out, pipeline, loop or nested experience as a whole: its parts are what a resume restores."""
    node_id, scope, counts = command.node_id, command.scope, command.counts
    if command.error is None:
        return NodeCompleted(node_id=node_id, scope=scope, counts=counts, duration_ms=duration_ms)
    return NodeFailed(node_id=node_id, scope=scope, error=command.error, counts=counts, duration_ms=duration_ms)


def part_event(command: Failed | Skipped | Cancelled | Warn) -> Event:
    """The event of a vertex, or a part of one, of which there is no execution to report."""
    node_id, scope = command.node_id, command.scope
    if isinstance(command, Failed):
        return NodeFailed(node_id=node_id, scope=scope, error=command.error)
    if isinstance(command, Skipped):
        return NodeSkipped(node_id=node_id, scope=scope, reason=command.reason, cause=command.cause)
    if isinstance(command, Warn):
        return NodeWarning(node_id=node_id, scope=scope, message=command.message)
    return NodeCancelled(node_id=node_id, scope=scope, reason=command.reason, cause=command.cause)


def _lineage(original: Original) -> Lineage:
    before = original.started.lineage
    root = before.root_run_id if before else original.run_id
    return Lineage(root, (before.depth if before else 0) + 1, original.lineage_spent)
