"""The events that end a task which is not executed, or whose execution was cancelled. Builds events, writes none."""

from __future__ import annotations

from collections.abc import Callable

from engine.cache.decisions.decision import Ambiguity, Answer, Decision
from engine.cache.decisions.recorded_outcomes import RecordedOutcome
from engine.experience.model import OnAmbiguous
from engine.log.events.events import ErrorInfo, Input, NodeCached, NodeCancelled, NodeFailed
from engine.runner.task_states import TaskRecord
from engine.scheduler.tasks import Task, TaskEnd


def end_without_running(task: Task, decision: Decision, received: Callable[[Task], Input]) -> TaskEnd | None:
    """The end of a task that is restored, skipped by `--only`, or refused because of `on_ambiguous: fail`.

    None where it is to run, or somebody must be asked first. `received` gives what the task receives.
    """
    if decision.restored is not None:
        return _restored(task, decision, decision.restored, received(task))
    if decision.answer is Answer.SKIPPED:
        return cancelled(task, "; ".join(decision.reasons))
    if decision.ambiguity is not None and decision.ambiguity.rule is OnAmbiguous.FAIL:
        return _ambiguous(task, decision.ambiguity)
    return None


def end_without_start(record: TaskRecord, reason: str) -> NodeCancelled:
    """The end of a task that was stopped before it began."""
    ambiguity = record.decision.ambiguity if record.decision is not None else None
    return cancelled(record.task, reason) if ambiguity is None else _unanswered(record.task, ambiguity)


def cancelled(task: Task, reason: str, attempt_id: str | None = None) -> NodeCancelled:
    """The end of a task that was stopped; without an `attempt_id`, before it began."""
    return NodeCancelled(node_id=task.node.id, scope=task.scope, attempt_id=attempt_id, reason=reason)


def broke_off(task: Task, attempt_id: str | None) -> NodeFailed:
    """The end of a task whose execution was cancelled without a request to stop."""
    error = ErrorInfo("internal", f"{task.node.id} was cancelled without a request to stop")
    return NodeFailed(node_id=task.node.id, scope=task.scope, attempt_id=attempt_id, error=error, duration_ms=0.0)


def _restored(task: Task, decision: Decision, outcome: RecordedOutcome, received: Input) -> NodeCached:
    assert decision.key is not None  # nothing that it was decided from was unknown
    return NodeCached(
        node_id=task.node.id,
        scope=task.scope,
        input=received,
        reasons=decision.reasons,
        input_hash=decision.key.hash,
        used_hash=decision.key.used,
        input_parts=decision.key.parts,
        keyed_parts=decision.key.keyed or None,
        output=outcome.output,
        duration_ms=outcome.duration_ms,
        metrics=outcome.metrics,
        produced=outcome.produced or None,
        loaded=outcome.loaded or None,
        produced_by=outcome.produced_by,
    )


def _ambiguous(task: Task, ambiguity: Ambiguity) -> NodeFailed:
    """The end of a task with `on_ambiguous: fail` whose earlier end was not logged."""
    remedy = f"Check whether it did its work; to run it again: --rerun {task.node.id}, or `on_ambiguous: rerun`."
    error = ErrorInfo("Ambiguous", f"{ambiguity.message(task.node.id)}. {remedy}")
    return NodeFailed(node_id=task.node.id, scope=task.scope, error=error, started_in=ambiguity.run_id)


def _unanswered(task: Task, ambiguity: Ambiguity) -> NodeCancelled:
    """The end of a task with `on_ambiguous: ask` for which nobody answered."""
    look = "Check whether it did its work; then resume in a terminal and answer"
    remedy = f"{look}, or let it run again: --rerun {task.node.id}, or `on_ambiguous: rerun`."
    reason = f"{ambiguity.message(task.node.id)}. {remedy}"
    return NodeCancelled(node_id=task.node.id, scope=task.scope, reason=reason, started_in=ambiguity.run_id)
