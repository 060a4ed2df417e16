"""Texts about a run (oe_lsp/ide/runs/run_text.py, run_report.py), from logs as engines write them."""

from __future__ import annotations

import pytest

from engine.log.events.events import RunStatus
from engine.log.reading.reader import read_log
from engine.log.reading.summary import RunState, RunSummary, summarise
from engine.log.reading.view import RunView, fold
from oe_lsp.ide.runs.run_report import run_report
from oe_lsp.ide.runs.run_text import end_text, percentage, progress_text, progress_title
from tests.support.written_runs import WriteRun, WrittenRun


def summary_of(run: WrittenRun, *, alive: bool = False) -> tuple[RunSummary, RunView]:
    view = fold(read_log(run.store.log(run.run_id)).records)
    summary = summarise(view, alive=alive)
    assert summary is not None
    return summary, view


def test_progress_counts_ended_nodes(write_run: WriteRun) -> None:
    run = write_run().begin("fetch", "clean", "analyse", "report").complete("fetch").complete("clean")

    summary, _ = summary_of(run, alive=True)

    assert progress_title(summary) == "Running city-report"
    assert progress_text(summary) == "2/4 nodes"
    assert percentage(summary) == 50


def test_progress_of_a_resumed_run_says_so(write_run: WriteRun) -> None:
    summary, _ = summary_of(write_run().begin("fetch", original="some-run"), alive=True)

    assert progress_title(summary) == "Resuming city-report"


def test_a_run_without_nodes_has_a_percentage(write_run: WriteRun) -> None:
    summary, _ = summary_of(write_run().begin(), alive=True)

    assert percentage(summary) == 0


def test_the_end_of_a_failed_run_names_the_node_and_the_first_line_of_its_error(write_run: WriteRun) -> None:
    run = (
        write_run()
        .begin("fetch", "analyse")
        .complete("fetch")
        .fail("analyse", "no such file\nTry again")
        .finish(RunStatus.FAILURE)
    )

    summary, _ = summary_of(run)

    assert end_text(summary) == "failed at analyse: no such file"


def test_the_end_of_a_successful_run_has_counts_and_duration(write_run: WriteRun) -> None:
    summary, _ = summary_of(write_run().begin("a", "b").complete("a").complete("b").finish(RunStatus.SUCCESS))

    assert end_text(summary) == "succeeded: 2 completed · 2.1 s"


@pytest.mark.parametrize(("alive", "state"), [(True, RunState.RUNNING), (False, RunState.INTERRUPTED)])
def test_without_an_end_the_lock_decides_between_running_and_interrupted(
    write_run: WriteRun, alive: bool, state: RunState
) -> None:
    summary, _ = summary_of(write_run().begin("a"), alive=alive)

    assert summary.state is state


def test_a_log_without_its_first_line_has_no_summary() -> None:
    assert summarise(RunView(), alive=True) is None


def test_the_report_has_a_line_for_the_run_and_one_for_each_node(write_run: WriteRun) -> None:
    run = (
        write_run()
        .begin("fetch", "analyse", "report")
        .complete("fetch")
        .fail("analyse", "no such file")
        .finish(RunStatus.FAILURE)
    )

    text = run_report(*summary_of(run))

    assert text.splitlines() == [
        f"city-report · run {run.run_id} · failed at analyse: no such file",
        "  fetch    completed  1 ms",
        "  analyse  failed     no such file",
        "  report   pending",
    ]
