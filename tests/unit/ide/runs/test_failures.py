"""Failures of a run as diagnostics (oe_lsp/ide/runs/failures.py), from logs as engines leave them."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.experience.problems import Severity
from engine.log.events.events import (
    Counts,
    ErrorInfo,
    Event,
    Item,
    Location,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    Scope,
    ScopeKind,
)
from engine.log.reading.log_lines import LogLines
from engine.log.storage.run_store import RunStore
from engine.report.node_failures import node_failures
from engine.syntax import LineIndex
from oe_lsp.ide.runs.failing_file import failing_file
from oe_lsp.ide.runs.failures import Failure, Seen, failure_of, line_span, placed_failures
from oe_lsp.ide.runs.planned_run import PlannedNode, PlannedRun
from oe_lsp.ide.runs.shown_run import ShownRun
from oe_lsp.runs.summaries import read_run
from tests.support.written_logs import COMPLETED, FAILED, FAILURE, STARTED, write_log
from tests.unit.ide.marked import snapshot

TEXT = """\
name: example
version: 1.0.0
state:
  schema:
    rows: { type: array, default: [] }
graph:
  nodes:
    - id: a
      kind: tool
      impl: ./tools.py
    - id: b # oe: ignore OE701
      kind: experience
      impl: ./inner
  pipelines:
    - id: pipe
      items: $.rows
      stages: [a]
  edges: []
"""


def item(kind: ScopeKind, vertex: str, index: int) -> tuple[Scope, ...]:
    return (Scope(kind, vertex, Item(index, f"{index:016x}#0")),)


def of_item(index: int, message: str) -> NodeFailed:
    error = ErrorInfo("ValueError", message, Location("tools.py", index + 1))
    return NodeFailed(node_id="a", scope=item(ScopeKind.FANOUT, "a", index), attempt_id=f"a{index}", error=error)


class Log:
    """The log of a run, with the failure of one vertex."""

    def __init__(self, folder: Path, *events: Event) -> None:
        store = RunStore(folder)
        self.run_id = write_log(store, STARTED, *events)
        self.shown = ShownRun(*read_run(store, self.run_id))
        self._lines = LogLines(store.log(self.run_id))
        self._lines.update()

    def failure(self, vertex: str) -> Failure:
        return failure_of(self.run_id, self.shown.view.nodes[vertex], node_failures(self._lines, vertex))


def test_items_are_folded_into_one_failure_with_each_message_once(tmp_path: Path) -> None:
    whole = NodeFailed(
        node_id="a", error=ErrorInfo("", "3 of 3 items failed; item 0: no rice"), counts=Counts(failed=3)
    )
    log = Log(tmp_path, of_item(2, "no tea"), of_item(1, "no rice"), of_item(0, "no rice"), whole, FAILURE)

    failure = log.failure("a")

    assert failure.message == (f"Failed in run {log.run_id[:8]}: 3 of 3 items failed; item 0: no rice\na[2]: no tea")
    assert failure.severity is Severity.ERROR
    assert failure.location == Location("tools.py", 1)


def test_a_fan_out_that_completed_although_items_failed_is_a_warning(tmp_path: Path) -> None:
    whole = NodeCompleted(node_id="a", counts=Counts(completed=48, failed=2), duration_ms=1.0)
    log = Log(tmp_path, of_item(4, "no rice"), of_item(7, "no tea"), whole)

    failure = log.failure("a")

    assert failure.message.endswith(": 2 of 50 items failed\na[4]: no rice\na[7]: no tea")
    assert failure.severity is Severity.WARNING


def test_a_message_is_short_and_controls_nothing(tmp_path: Path) -> None:
    error = ErrorInfo("E", "first\n\x1b[2J second\n" + "\n".join(["x" * 300] * 40))
    failure = Log(tmp_path, replace(FAILED, error=error)).failure("b")

    assert failure.message.splitlines()[0].endswith(": first")
    assert failure.message.splitlines()[1] == "␛[2J second"
    assert len(failure.message) < 700


def test_a_stage_that_failed_is_reported_at_its_pipeline_and_names_the_stage(tmp_path: Path) -> None:
    stage = NodeFailed(node_id="a", scope=item(ScopeKind.PIPELINE, "pipe", 0), error=ErrorInfo("E", "no rice"))
    whole = NodeFailed(node_id="pipe", error=ErrorInfo("E", "1 of 1 items failed; item 0: no rice"))
    failure = Log(tmp_path, stage, replace(whole, counts=Counts(failed=1))).failure("pipe")

    (placed,) = placed_failures([failure], snapshot(TEXT), {})

    assert TEXT[placed.span.start : placed.span.end] == "pipe"
    assert placed.stage is not None
    assert TEXT[placed.stage.start : placed.stage.end] == "a"


def test_an_error_in_a_nested_experience_is_found_in_its_folder(tmp_path: Path) -> None:
    error = ErrorInfo("E", "no rice", Location("sub/t.py", 3))
    inner = NodeFailed(node_id="boom", scope=(Scope(ScopeKind.EXPERIENCE, "b"),), error=error)
    failure = Log(tmp_path, inner, replace(FAILED, error=error, counts=Counts(failed=1))).failure("b")

    assert failing_file(failure, snapshot(TEXT), ["sub/t.py", "inner/sub/t.py"]) == "inner/sub/t.py"
    assert failing_file(failure, snapshot(TEXT), ["inner/sub/t.py", "inner/deep/sub/t.py"]) is None


@pytest.mark.parametrize(
    ("severities", "shown"),
    [({}, [Severity.ERROR]), ({"OE701": Severity.HINT}, [Severity.HINT]), ({"OE701": None}, [])],
)
def test_a_failure_can_be_overridden_and_suppressed_like_a_problem(
    severities: dict[str, Severity | None], shown: list[Severity], tmp_path: Path
) -> None:
    log = Log(tmp_path, replace(FAILED, node_id="a"), FAILED, replace(FAILED, node_id="gone"))
    failures = [log.failure(vertex) for vertex in ("a", "b", "gone")]

    placed = list(placed_failures(failures, snapshot(TEXT), severities))

    assert [(each.failure.node_id, each.severity) for each in placed] == [("a", severity) for severity in shown]


def test_a_failure_is_shown_while_the_node_would_fail_again(tmp_path: Path) -> None:
    run = Log(tmp_path, COMPLETED, FAILED, FAILURE).shown
    changed, same = (
        replace(
            run, plan=PlannedRun(run.summary.run_id, "", 0.0, 0.0, (PlannedNode("b", "will run", fails_again=again),))
        )
        for again in (False, True)
    )
    broken = replace(run, refusal="The experience has errors.")

    assert shown(run) == [""]  # the plan is still being made, and may say that it is out of date
    assert shown(run, broken) == ["", "b"]
    assert shown(run, same, broken, changed, broken, same) == ["", "b", "b", "", "", "b"]


def test_a_running_run_shows_what_has_failed_so_far(tmp_path: Path) -> None:
    ended = Log(tmp_path, NodeStarted(node_id="a"), FAILED).shown
    running = replace(ended, summary=replace(ended.summary, state=type(ended.summary.state).RUNNING))

    assert shown(running, ended) == ["b", "b"]


def shown(*runs: ShownRun) -> list[str]:
    """The failures that are shown after each change of the shown run."""
    seen, found = Seen(), []
    for run in runs:
        seen = seen.update(run)
        found.append(" ".join(node.node_id for node in seen.failed(run)))
    return found


@pytest.mark.parametrize(
    ("line", "text"), [(2, "raise X"), (None, "def run():"), (0, "def run():"), (9, "end"), (3, "")]
)
def test_the_line_of_an_error_is_clamped_to_the_text(line: int | None, text: str) -> None:
    source = "def run():\n    raise X  \r\n   \nend"

    span = line_span(LineIndex(source), line)

    assert source[span.start : span.end] == text
