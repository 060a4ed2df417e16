"""Builds the events of a run as a whole, of started tasks, and of groups; writes none."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import UNSET

from engine import __version__
from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.cache.keys.input_parts import InputHashers
from engine.canonical import hash_bytes
from engine.file_names import as_on_disk, writable
from engine.log.events.events import (
    ISOLATED,
    BudgetReached,
    Concurrency,
    Event,
    ExperienceRef,
    Input,
    Lineage,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeWarning,
    RunFinished,
    RunStarted,
    Wrote,
)
from engine.log.events.usage_totals import add
from engine.log.reading.lineage_usage import LineageUsage
from engine.log.reading.view import RunView
from engine.log.secrets.masking import MASK
from engine.regular_files import read_regular
from engine.runner.prepare import Preparation
from engine.runner.task_states import TaskRecord
from engine.scheduler.slots import LLM_KINDS, HeldBack, Limits
from engine.scheduler.tasks import Cancelled, Failed, Finish, GroupEnded, Skipped, Task, Warn

_LONGEST_TEXT = 256 * 1024
"""Bytes. Of longer files only the hash is kept: nobody reads a diff of them."""


def run_started(
    run_id: str, preparation: Preparation, hashers: InputHashers, order: int, before: LineageUsage, limits: Limits
) -> RunStarted:
    """The first event of a run, the `order`-th of all runs. It names the args and state that the log must not hold.

    `before` is what the runs that it resumes used, `limits` how many nodes may run at once.
    """
    declared, secrets = preparation.secret_args, preparation.found.secrets
    experience, loaded, original = preparation.experience, preparation.loaded, preparation.original
    args, state = preparation.args, preparation.start
    masked_args = tuple(name for name, value in args.items() if name in declared or secrets.are_in(value))
    masked_state = tuple(name for name, value in state.items() if secrets.are_in(value))
    isolated = preparation.isolated
    return RunStarted(
        order=order,
        kind=None if isolated is None else ISOLATED,
        address=None if isolated is None else isolated.address,
        args={name: MASK if name in masked_args else value for name, value in args.items()},
        masked_args=masked_args,
        state={name: value for name, value in state.items() if name not in masked_state},
        masked_state=masked_state,
        experience=ExperienceRef(experience.name, experience.version, writable(str(loaded.path))),
        nodes=preparation.graph.order if isolated is None else (isolated.target[0].vertex,),
        spec_hash=hash_bytes(loaded.text.encode("utf-8", "surrogatepass")),
        files=hashers.files(),
        settings=preparation.settings,
        concurrency=Concurrency(limits.total, {kind.value: limit for kind, limit in limits.of_kind.items()}),
        original_run_id=original.run_id if original else isolated.original_run_id if isolated else None,
        lineage=_lineage(original, before) if original else Lineage(run_id),
        engine=f"oe-lsp {__version__}",
        pid=os.getpid(),
        host=socket.gethostname(),
    )


def texts_of(preparation: Preparation, files: Mapping[str, str]) -> Iterator[bytes]:
    """The texts of experience.yaml and `files`, except long ones. Reads the files."""
    yield preparation.loaded.text.encode("utf-8", "surrogatepass")
    for name in files:
        text = _short_text(preparation.loaded.directory / as_on_disk(name))
        if text is not None:
            yield text


def _short_text(path: Path) -> bytes | None:
    try:
        content = read_regular(path, _LONGEST_TEXT)
        content.decode("utf-8")
        # Input parts hash lines, independent of line ends.
        content = content.replace(b"\r\n", b"\n")
    except (OSError, UnicodeDecodeError):
        return None
    return content


def received(task: Task) -> Input:
    """What a task receives, as far as people may see it."""
    item = task.item
    return Input(task.shown_args, task.shown_given, task.reads, task.edges, item.visible if item else UNSET)


def started(record: TaskRecord, given: Input) -> NodeStarted:
    """The event of an execution that begins."""
    task, reasons = record.task, record.decision.reasons if record.decision is not None else ()
    return NodeStarted(
        node_id=task.node.id, scope=task.scope, attempt_id=record.attempt_id, input=given, reasons=reasons
    )


def run_finished(
    finish: Finish,
    view: RunView,
    original: RecordedOutcomes | None,
    wrote: Mapping[str, Wrote] | None,
    duration_ms: float,
    order: int,
    budget: BudgetReached | None,
) -> RunFinished:
    """The last event of a run. `order` is the place of its end in the order of runs; `budget` is what ended it, if one
    did.
    """
    failed = view.failed_at
    return RunFinished(
        order=order,
        status=finish.status,
        reason=finish.reason,
        failed_at=failed.node_id if failed else None,
        error=failed.error if failed else None,
        counts=view.counts,
        failed_items=view.failed_items,
        spent=view.spent,
        inherited=view.inherited,
        lineage=add(original.lineage_spent, view.spent) if original else view.spent,
        wrote=wrote,
        budget=budget,
        duration_ms=duration_ms,
    )


def group_ended(command: GroupEnded, duration_ms: float) -> NodeCompleted | NodeFailed:
    """The event of a fan-out, pipeline, loop or nested experience as a whole: its parts are what a resume restores."""
    node_id, scope, counts = command.node_id, command.scope, command.counts
    if command.error is None:
        return NodeCompleted(node_id=node_id, scope=scope, counts=counts, duration_ms=duration_ms)
    return NodeFailed(node_id=node_id, scope=scope, error=command.error, counts=counts, duration_ms=duration_ms)


def part_event(command: Failed | Skipped | Cancelled | Warn) -> Event:
    """The event of a vertex, or a part of one, that has no execution."""
    node_id, scope = command.node_id, command.scope
    if isinstance(command, Failed):
        return NodeFailed(node_id=node_id, scope=scope, error=command.error)
    if isinstance(command, Skipped):
        return NodeSkipped(node_id=node_id, scope=scope, reason=command.reason, cause=command.cause)
    if isinstance(command, Warn):
        return NodeWarning(node_id=node_id, scope=scope, message=command.message)
    return NodeCancelled(node_id=node_id, scope=scope, reason=command.reason, cause=command.cause)


def limit_warning(held: HeldBack, asked: int | None) -> str | None:
    """A warning that a limit holds back a task, although the user asked for more: for the run (`asked`), or for its
    fan-out. None if the user did not.
    """
    of_fan_out = held.task.lane.limit
    if of_fan_out is not None and of_fan_out > held.limit:
        wish = f"for_each.concurrency: {of_fan_out}"
    elif asked is not None and asked > held.limit:
        wish = f"concurrency {asked}"
    else:
        return None
    if held.task.node.kind in LLM_KINDS:
        return f"{wish} has no effect beyond {held.limit}: no more agents, skills or coding agents run at once"
    return f"{wish} has no effect beyond {held.limit}: no more tools run at once than this machine has cores"


def _lineage(original: RecordedOutcomes, used: LineageUsage) -> Lineage:
    before = original.started.lineage
    root = before.root_run_id if before else original.run_id
    spent = original.lineage_spent
    known = UNSET if spent.cost_usd is not None else used.cost_usd
    return Lineage(root, (before.depth if before else 0) + 1, spent, known, round(used.duration_ms, 3))
