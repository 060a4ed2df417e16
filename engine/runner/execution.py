"""Executes one task: attempts, timeout, retries, the check of its output (docs/format.md, Failures)."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from async_timeout import timeout
from msgspec import Struct
from msgspec.structs import replace

from engine.cache.keys.input_hash import InputKey
from engine.cache.keys.produced_files import ProducedFiles
from engine.experience.model import Backoff, OnError, Policy
from engine.expressions import Json
from engine.log.events.events import (
    ActivityKind,
    ErrorInfo,
    Event,
    Metrics,
    NodeActivity,
    NodeAttempt,
    NodeCompleted,
    NodeFailed,
    NodeTokens,
    NodeWarning,
)
from engine.log.secrets.masking import MASKED_OUTPUT, Secrets
from engine.nodes.kind import NodeError, Outcome, Work, WorkItem, WorkLoop
from engine.nodes.registry import Kinds
from engine.regular_files import noting_reads
from engine.scheduler.state.writes import check_output
from engine.scheduler.tasks import Task, TaskEnd


class LogWatcher(Struct, frozen=True):
    """Logs what a node reports while it runs."""

    task: Task
    attempt_id: str
    record: Callable[[Event], object]

    def activity(self, text: str, kind: ActivityKind | None = None) -> None:
        """See Watcher."""
        self.record(NodeActivity(node_id=self.task.node.id, scope=self.task.scope, activity=text, kind=kind))

    def tokens(self, tokens_in: int, tokens_out: int, model: str | None, cost_usd: float | None) -> None:
        """See Watcher."""
        self.record(
            NodeTokens(
                node_id=self.task.node.id,
                scope=self.task.scope,
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                cost_usd=cost_usd,
                model=model,
            )
        )

    def warning(self, message: str) -> None:
        """See Watcher."""
        self.record(NodeWarning(node_id=self.task.node.id, scope=self.task.scope, message=message))

    def attempt(self, level: str, attempt: int, error: ErrorInfo, wait_ms: int, metrics: Metrics | None) -> None:
        """See Watcher."""
        self.record(
            NodeAttempt(
                node_id=self.task.node.id,
                scope=self.task.scope,
                attempt=attempt,
                attempt_id=self.attempt_id,
                level=level,
                error=error,
                wait_ms=wait_ms,
                metrics=metrics,
            )
        )


class Executor(Struct, frozen=True):
    """Executes the tasks of one run.

    `record` appends to its log. `changed` names the files of a task that changed since its decision, `produced` the
    files that it made since a moment (in ns of the system clock); `digests` are those of the files that it will use.
    """

    kinds: Kinds
    secrets: Secrets
    record: Callable[[Event], object]
    changed: Callable[[Task, Mapping[str, Json]], list[str]]
    produced: Callable[[Task, int], ProducedFiles | None]
    digests: Callable[[Task], Mapping[Path, str]]

    async def execute(self, task: Task, attempt_id: str, key: InputKey) -> TaskEnd:
        """Run `task` until it succeeds or has used up its attempts. Raises nothing but CancelledError."""
        began, began_ns = time.monotonic(), time.time_ns()
        policy = task.node.on_error
        left = policy.attempts if policy.policy is Policy.RETRY else 1
        attempt = 1
        while True:
            watcher = LogWatcher(task, attempt_id, self.record)
            result = await self._attempt(task, attempt_id, watcher)
            if isinstance(result, Outcome):
                products = self._produced(task, began_ns)
                return self._completed(task, attempt_id, key, result, products, _since(began))
            if attempt >= left or not result.retryable:
                return _failed(task, attempt_id, key, result, _since(began))
            wait_ms = retry_wait_ms(policy, attempt)
            watcher.attempt("node", attempt, result.info, wait_ms, result.metrics)
            await asyncio.sleep(wait_ms / 1000)
            attempt, attempt_id = attempt + 1, new_attempt_id()

    async def _attempt(self, task: Task, attempt_id: str, watcher: LogWatcher) -> Outcome | NodeError:
        gone = _folder_gone(task)
        if gone is not None:
            return gone
        kind = self.kinds.at(task.visible_state.results.composition.home)[task.node.kind]
        limit_ms = task.node.timeout_ms
        digests = self.digests(task)
        try:
            async with timeout(limit_ms / 1000):  # `asyncio.wait_for` would make a task for each attempt
                with noting_reads() as reads:
                    outcome = await kind.execute(_work(task, attempt_id, digests), watcher)
        except NodeError as error:
            return _folder_gone(task) or error
        except asyncio.TimeoutError:
            took = f"{task.node.id} took longer than its timeout_ms ({limit_ms}) and was stopped."
            return NodeError("timeout", f"{took} Raise it if that is normal.")
        except Exception as error:  # noqa: BLE001 - an error of a kind fails one node, not the run
            return _folder_gone(task) or NodeError(
                "internal", f"internal error in the {task.node.kind.value} runner: {error!r}"
            )
        unlike = _unlike(digests, reads, task.visible_state.results.composition.home)
        return self._checked(task, replace(outcome, unlike=(*outcome.unlike, *unlike)), watcher)

    def _checked(self, task: Task, outcome: Outcome, watcher: LogWatcher) -> Outcome | NodeError:
        checked = check_output(task.visible_state, task.node, outcome.output)
        if checked.error is not None:
            return NodeError(checked.error.type, checked.error.message, metrics=outcome.metrics)
        for warning in checked.warnings:
            watcher.warning(warning)
        return replace(outcome, output=checked.output)

    def _completed(
        self,
        task: Task,
        attempt_id: str,
        key: InputKey,
        outcome: Outcome,
        products: Mapping[str, str] | None,
        duration_ms: float,
    ) -> NodeCompleted:
        refused = self._not_restorable(task, outcome)
        return NodeCompleted(
            node_id=task.node.id,
            scope=task.scope,
            attempt_id=attempt_id,
            input_hash=key.hash,
            used_hash=key.used,
            input_parts=key.parts,
            keyed_parts=key.keyed or None,
            output=outcome.output,
            duration_ms=duration_ms,
            metrics=outcome.metrics,
            restorable=refused is None,
            restorable_reason=refused,
            produced=products,
            loaded=outcome.loaded or None,
        )

    def _produced(self, task: Task, since_ns: int) -> Mapping[str, str] | None:
        products = self.produced(task, since_ns)
        if products is None:
            return None
        for glob in products.unmatched:
            message = f"produces: {glob} matches no file after it ran, so that a resume will run it again"
            self.record(NodeWarning(node_id=task.node.id, scope=task.scope, message=message))
        return products.files

    def _not_restorable(self, task: Task, outcome: Outcome) -> str | None:
        """The reason why the logged outcome must not be reused, if there is one."""
        changed = self.changed(task, outcome.settings) or [f"{name} changed" for name in outcome.unlike]
        if changed and (gone := _folder_gone(task)) is not None:
            return gone.info.message
        if changed:
            return f"{', '.join(changed)} while it ran"
        return MASKED_OUTPUT if self.secrets.are_in_output(outcome.output) else None


def _unlike(digests: Mapping[Path, str], reads: Mapping[str, str], home: str) -> list[str]:
    """The files that were read in another version than `digests` says, by path from `home`."""
    differing = [path for path, digest in digests.items() if reads.get(str(path), digest) != digest]
    return [Path(os.path.relpath(path, home)).as_posix() for path in differing]


def _work(task: Task, attempt_id: str, digests: Mapping[Path, str]) -> Work:
    inside = task.inside
    return Work(
        task.node,
        attempt_id,
        task.args,
        task.reads,
        task.edges,
        task.visible_state.results.args,
        item=WorkItem(inside.item.value, inside.item.index) if inside.item else None,
        given=task.given,
        pipeline=inside.pipeline,
        loop=WorkLoop(*inside.loop) if inside.loop else None,
        digests=digests,
    )


def _folder_gone(task: Task) -> NodeError | None:
    """The error of a node whose folder was renamed or removed meanwhile: tools run in it by its path."""
    home = task.visible_state.results.composition.home
    if os.path.isdir(home):  # noqa: PTH112 - before each execution, and a path is slow to make
        return None
    return NodeError("FolderGone", f"the folder {home} was renamed or removed while the run went on")


def _failed(task: Task, attempt_id: str, key: InputKey, error: NodeError, duration_ms: float) -> NodeFailed:
    return NodeFailed(
        node_id=task.node.id,
        scope=task.scope,
        attempt_id=attempt_id,
        input_parts=key.parts,
        keyed_parts=key.keyed or None,
        error=error.info,
        duration_ms=duration_ms,
        metrics=error.metrics,
    )


def new_attempt_id() -> str:
    """An id for one attempt, unique among all runs."""
    return os.urandom(16).hex()


def retry_wait_ms(on_error: OnError, failed_attempt: int) -> int:
    """The wait before the next attempt, in ms, with jitter: half of the step to all of it (facts: A.7)."""
    factor = failed_attempt if on_error.backoff is Backoff.LINEAR else 2 ** (failed_attempt - 1)
    step = on_error.base_ms * factor
    return round(step * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, keeps no secret


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 3)
