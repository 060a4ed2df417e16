"""Compares two runs as wholes: how they ended, what they took and cost, and what they started from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.log.events.counters import Sums
from engine.log.events.events import RunStarted
from engine.log.humanize import counts_text, duration, money, shortened, sum_of, tokens_text
from engine.log.reading.reader import read_log
from engine.log.reading.summary import RunSummary, summarise
from engine.log.reading.view import fold
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore
from engine.log.values.input_values import InputValues
from engine.report.comparison.compare import Difference, compare
from engine.report.comparison.values import FindText, How, ValueDifference, differences, file_text
from engine.report.executions import History, history

_MOST_BLOB_BYTES = 1024 * 1024
_LONGEST_STATUS = 200
_ALWAYS_DIFFER = ("started", "resumes")


class ComparedRun(Struct, frozen=True):
    """One of two runs. `values` resolves what its log refers to, `text` gives kept files by their hash."""

    history: History
    summary: RunSummary
    values: InputValues
    text: FindText = lambda _: None

    @property
    def started(self) -> RunStarted:
        """The first event of the run."""
        assert self.history.started is not None  # a log begins with it
        return self.history.started


class Comparison(Struct, frozen=True):
    """Two runs. `start` is what they started from as far as it differs: args, state, settings, experience.yaml;
    `files` are the other files that differ, by path.
    """

    left: ComparedRun
    right: ComparedRun
    start: tuple[ValueDifference, ...]
    files: Mapping[str, How]
    executions: tuple[Difference, ...]

    @property
    def shown(self) -> tuple[Difference, ...]:
        """The executions that differ, or took much longer in one run."""
        return tuple(each for each in self.executions if not each.is_same or each.duration_differs)

    @property
    def same(self) -> int:
        """The number of executions with the same status, inputs and outputs."""
        return sum(1 for each in self.executions if each.is_same)


def read_compared_run(store: RunStore, run_id: str) -> ComparedRun:
    """Reads a run. Raises UnreadableLogError and OSError."""
    alive = is_held(store.lock(run_id))
    log = read_log(store.log(run_id))
    summary = summarise(fold(log.records), alive=alive)
    assert summary is not None  # read_log ensures the first line
    blobs = store.blobs
    values = InputValues(log.records, lambda digest: blobs.read_short(digest, _MOST_BLOB_BYTES))
    return ComparedRun(history(log.records), summary, values, blobs.find)


def compare_runs(left: ComparedRun, right: ComparedRun) -> Comparison:
    """Compares two runs of an experience; `left` is the one before, as a rule."""
    executions = compare(left.history, right.history, left.values, right.values, right.text)
    return Comparison(left, right, tuple(_start(left, right)), _files(left.started, right.started), executions)


def totals(run: ComparedRun) -> dict[str, str]:
    """The figures of a run for people, by name; the same names for every run."""
    summary = run.summary
    spent, inherited = summary.spent, summary.inherited
    return {
        "status": shortened(summary.status_text, _LONGEST_STATUS),
        "started": summary.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "took": duration(summary.duration_ms) if summary.duration_ms is not None else "",
        "outcomes": counts_text(summary.counts) if sum_of(summary.counts) else "",
        "spent": _sums(spent),
        "tokens": tokens_text(spent.tokens_in + spent.tokens_out),
        "inherited by restoring": _sums(inherited),
        "resumes": (summary.original_run_id or "")[:8],
        "engine": run.started.engine or "",
    }


def totals_that_differ(comparison: Comparison) -> Iterator[tuple[str, str, str]]:
    """The figures that differ, each with the one of the left and of the right run; not when and as what they began."""
    left, right = totals(comparison.left), totals(comparison.right)
    for name, value in left.items():
        if name not in _ALWAYS_DIFFER and value != right[name]:
            yield name, value, right[name]


def _sums(sums: Sums) -> str:
    return "" if sums == Sums() else money(sums.cost_usd)


def _start(left: ComparedRun, right: ComparedRun) -> Iterator[ValueDifference]:
    before, after = left.started, right.started
    for what, masked, sides in (
        ("arg", {*before.masked_args, *after.masked_args}, (before.args, after.args)),
        ("state", {*before.masked_state, *after.masked_state}, (before.state, after.state)),
    ):
        one, other = ({name: value for name, value in side.items() if name not in masked} for side in sides)
        yield from differences(what, one, other, left.values, right.values)
        yield from (ValueDifference(what, name, How.INCOMPARABLE) for name in sorted(masked))
    one, other = ({name: value for name, value in run.settings.items() if name != "carried"} for run in (before, after))
    yield from differences("setting", one, other, left.values, right.values)
    versions = [run.experience.version if run.experience is not None else "" for run in (before, after)]
    if versions[0] != versions[1]:
        yield ValueDifference("experience", "version", How.CHANGED, *versions)
    if before.spec_hash != after.spec_hash:
        texts = (file_text(run.text, run.started.spec_hash) for run in (left, right))
        yield ValueDifference("file", "experience.yaml", How.CHANGED, *texts)


def _files(before: RunStarted, after: RunStarted) -> dict[str, How]:
    found: dict[str, How] = {}
    for path in dict.fromkeys((*before.files, *after.files)):
        if path not in after.files:
            found[path] = How.ONLY_LEFT
        elif path not in before.files:
            found[path] = How.ONLY_RIGHT
        elif before.files[path] != after.files[path]:
            found[path] = How.CHANGED
    return found
