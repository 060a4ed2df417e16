"""Plans resumes, one after another, for the planner process. Keeps logs and fingerprints between plans."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from engine.cache.keys.fingerprint_store import recall
from engine.cache.keys.sources import Sources, new_sources
from engine.cache.plan.explanation import Change
from engine.cache.plan.plan_entries import Entry, Plan
from engine.experience.load import (
    ExperienceNotFoundError,
    InvalidExperienceError,
    Loaded,
    UnreadableExperienceError,
    load,
    load_text,
)
from engine.llm.providers import usable_provider
from engine.log.reading.index_file import Stamp, stamp_of
from engine.log.reading.reader import Log, read_log
from engine.nodes.registry import kinds
from engine.nodes.requirements import Machine
from engine.regular_files import read_regular
from engine.report.changes import change_lines, change_to_json
from engine.runner.load_nested import NotComposableError, compose_loaded
from engine.runner.needs import Need, needs_of_all
from engine.runner.prepare import RunRefusedError, make_llm, make_plan, prepare_resume
from engine.runner.preview import Preview, preview
from engine.syntax import MAX_FILE_BYTES
from engine.unsaved_texts import unsaved_texts
from oe_lsp.ide.runs.planned_run import PlannedNode, PlannedRun
from oe_lsp.runs.planning_messages import PlanAnswer, PlanQuestion
from oe_lsp.runs.preview import start_preview

_LOGS_KEPT = 8


class Planning:
    """Answers questions. What it reads is kept for the next question, while it is unchanged on disk."""

    def __init__(self) -> None:
        self._logs: dict[Path, tuple[Stamp, Log]] = {}
        self._sources: dict[Path, Sources] = {}

    def answer(self, question: PlanQuestion) -> PlanAnswer:
        """The answer. Runs no node."""
        path = Path(question.experience)
        texts = {file: text.encode("utf-8", "surrogatepass") for file, text in question.texts.items()}
        with unsaved_texts({file: text for file, text in texts.items() if not _is_saved(file, text)}):
            try:
                return self._answer(path, question)
            except InvalidExperienceError:
                return PlanAnswer(question.id, refusal="The experience has errors. Correct them first.")
            except (ExperienceNotFoundError, UnreadableExperienceError, NotComposableError) as error:
                return PlanAnswer(question.id, refusal=str(error))

    def _answer(self, path: Path, question: PlanQuestion) -> PlanAnswer:
        text = question.texts.get(question.experience)
        loaded = load(path) if text is None else load_text(path, text)
        needs = _names(needs_of_all(compose_loaded(loaded), Machine(os.environ, usable_provider())))
        if question.run_id is None:
            return PlanAnswer(question.id, needs=needs)
        try:
            return PlanAnswer(question.id, self._plan(loaded, question.run_id), needs=needs)
        except RunRefusedError as error:
            return PlanAnswer(question.id, refusal=str(error), needs=needs)

    def _plan(self, loaded: Loaded, run_id: str) -> PlannedRun:
        preparation = prepare_resume(loaded, run_id, force=True, read_log=self._read)
        data = preparation.store.data
        sources = self._sources.get(data)
        if sources is None:
            sources = self._sources[data] = new_sources(recall(data))
        plan = make_plan(preparation, kinds(loaded.directory, llm=make_llm(preparation)), sources)
        return _planned(plan, preview(preparation, plan))

    def _read(self, path: Path) -> Log:
        """A log; from memory, if its file is as it was. Raises as `read_log` does."""
        stamp = stamp_of(path)
        known = self._logs.pop(path, None)
        if known is None or known[0] != stamp:
            known = stamp, read_log(path)
        self._logs[path] = known
        while len(self._logs) > _LOGS_KEPT:
            self._logs.pop(next(iter(self._logs)))
        return known[1]


def _is_saved(path: str, content: bytes) -> bool:
    """Whether an open text is that of the file on disk, apart from a byte order mark, which editors drop."""
    try:
        return read_regular(path, MAX_FILE_BYTES).removeprefix(b"\xef\xbb\xbf") == content
    except OSError:
        return False


def _planned(plan: Plan, found: Preview) -> PlannedRun:
    nodes = tuple(_node(entry) for entry in plan.entries)
    about = start_preview(found.needs, found.estimate)
    return PlannedRun(plan.original_run_id, plan.digest, plan.saved_ms, plan.saved.cost_usd, nodes, about)


def _names(needs: Iterable[Need]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(need.name for need in needs))


def _node(entry: Entry) -> PlannedNode:
    return PlannedNode(
        node_id=entry.node_id,
        answer=entry.answer.value,
        reasons=entry.reasons,
        saved_ms=entry.saved_ms,
        saved_usd=entry.saved.cost_usd,
        changes=tuple((change.part, _difference(change)) for change in entry.changes),
        item=entry.index,
        part=entry.part,
        items=tuple(_node(item) for item in entry.items),
        fails_again=entry.fails_again,
    )


def _difference(change: Change) -> str:
    diff = change_to_json(change).get("diff")
    return "\n".join(map(str, diff)) if isinstance(diff, list) else "\n".join(change_lines(change))
