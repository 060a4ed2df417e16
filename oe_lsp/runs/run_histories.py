"""Answers the questions of a hover about runs from their logs. Reads each log once, and then only what was added."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field

from engine.experience.model import Merge, Node
from engine.expressions import MISSING, UNWRITTEN
from engine.expressions import Path as ValuePath
from engine.expressions.values import to_text
from engine.log.events.events import RunStarted
from engine.log.events.timestamps import moment
from engine.log.reading.log_lines import LogLines
from engine.log.reading.reader import UnreadableLogError
from engine.log.reading.summary import file_name_in
from engine.log.reading.view import NodeStatus
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore
from engine.log.values.input_values import ValueLostError
from engine.nodes.prompts import look_up
from engine.nodes.recorded_work import recorded_work
from engine.report.node_facts import (
    FieldFacts,
    NodeEnd,
    field_facts,
    node_end,
    node_facts,
    typical_execution,
    values_of,
)
from oe_lsp.ide.hover.run_history import Inserted, NodeHistory, PastExecution
from oe_lsp.ide.runs.shown_run import ShownRun

_Found = TypeVar("_Found")

_MOST_LOGS = 16
_MOST_PAST = 5
_MOST_CANDIDATES = 20
_PAST_SECONDS = 0.4
"""How long earlier logs may be read for one hover. The next hover goes on where this one stopped."""


class LogCache:
    """The lines of the logs that were asked for last. For any thread."""

    def __init__(self) -> None:
        self._logs: OrderedDict[Path, _KnownLog] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def opened(self, log: Path) -> Iterator[LogLines | None]:
        """The lines of a log as it is now, for this thread alone; None where it cannot be read."""
        known = self._known(log)
        with known.lock:
            yield known.lines if known.is_readable() else None

    def node_end(self, log: Path, node_id: str) -> NodeEnd | None:
        """How a node ended, found once as long as the log does not change; None where that is not known."""
        known = self._known(log)
        with known.lock:
            if not known.is_readable():
                return None
            if node_id not in known.ends:
                known.ends[node_id] = _or_none(partial(node_end, known.lines, node_id))
            return known.ends[node_id]

    def began(self, log: Path, file_name: str) -> datetime | None:
        """When a run of the experience in this file began; None for another's, or where that is not known."""
        with self.opened(log) as lines:
            return None if lines is None else _or_none(partial(_began, lines, file_name))

    def _known(self, log: Path) -> _KnownLog:
        with self._lock:
            known = self._logs.pop(log, None) or _KnownLog(LogLines(log))
            self._logs[log] = known
            if len(self._logs) > _MOST_LOGS:
                self._logs.popitem(last=False)
            return known


class _KnownLog(Struct):
    """A log, and how nodes ended in it. For the thread that holds `lock`."""

    lines: LogLines
    ends: dict[str, NodeEnd | None] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_readable(self) -> bool:
        """Whether the log can be read; what was found before it changed is forgotten."""
        try:
            if self.lines.update():
                self.ends.clear()
        except (UnreadableLogError, OSError):
            return False
        return True


class StoredRuns(Struct, frozen=True):
    """The runs of the experience `file_name` in a folder, of which `run` is shown. See RunHistory."""

    store: RunStore
    file_name: str
    run: ShownRun
    cache: LogCache
    now: datetime

    def node(self, node_id: str) -> NodeHistory:
        """See RunHistory."""
        with self.cache.opened(self._log) as lines:
            facts = None if lines is None else _or_none(partial(node_facts, lines, node_id))
        return NodeHistory(facts, list(self._past(node_id)))

    def field(self, name: str, merge: Merge) -> FieldFacts | str | None:
        """See RunHistory."""
        with self.cache.opened(self._log) as lines:
            try:
                return None if lines is None else _or_none(partial(field_facts, lines, name, merge))
            except ValueLostError as error:
                return str(error)

    def inserted(self, node: Node, path: ValuePath) -> Inserted | None:
        """See RunHistory."""
        with self.cache.opened(self._log) as lines:
            return None if lines is None else _or_none(partial(_inserted, lines, node, path))

    @property
    def _log(self) -> Path:
        return self.store.log(self.run.summary.run_id)

    def _past(self, node_id: str) -> Iterator[PastExecution]:
        asked_at, found = time.monotonic(), 0
        for run_id in (_or_none(self.store.run_ids) or [])[:_MOST_CANDIDATES]:
            if found == _MOST_PAST or time.monotonic() - asked_at > _PAST_SECONDS:
                return
            log = self.store.log(run_id)
            end = self.cache.node_end(log, node_id)
            began = None if end is None else self.cache.began(log, self.file_name)
            if end is None or began is None:
                continue
            is_running = end.status is NodeStatus.RUNNING and is_held(self.store.lock(run_id))
            found += 1
            yield PastExecution(run_id, end.status, is_running, end.at or began, end.duration_ms)


def _began(lines: LogLines, file_name: str) -> datetime | None:
    """When a run began; None if its log is of the experience in another file. Older logs do not say."""
    started = lines.started()
    reference = started.event.experience if isinstance(started.event, RunStarted) else None
    is_other = reference is not None and file_name_in(reference.path) != file_name
    return None if is_other else moment(started.ts)


def _inserted(lines: LogLines, node: Node, path: ValuePath) -> Inserted | None:
    execution, started = typical_execution(lines, node.id), lines.started().event
    if execution is None or execution.input is None or not isinstance(started, RunStarted):
        return None
    try:
        received = values_of(lines).whole(execution.input)
    except ValueLostError:
        return None
    work = recorded_work(node, received, execution.scope, started.args)
    value = look_up(work, path)
    if value is MISSING:
        return None
    return Inserted("" if value is UNWRITTEN else to_text(value), work.item.index if work.item is not None else None)


def _or_none(read: Callable[[], _Found]) -> _Found | None:
    """What `read` returns; None for a log that was deleted, cut or damaged meanwhile."""
    try:
        return read()
    except (UnreadableLogError, OSError):
        return None
