"""Code lenses of an experience (oe_lsp/ide/runs/code_lens.py)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from engine.log.events.events import Counts, FailedItems
from engine.log.humanize import age, duration
from engine.log.reading.summary import RunState, RunSummary
from engine.log.reading.view import RunView
from oe_lsp.ide.runs.code_lens import LensAction, code_lenses
from oe_lsp.ide.runs.planned_run import PlannedNode, PlannedRun
from oe_lsp.ide.runs.shown_run import ShownRun
from oe_lsp.ide.runs.start_preview import StartPreview

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
RUN = RunSummary(
    run_id="4f3a1b2c-0000-4000-8000-000000000000",
    state=RunState.FAILURE,
    experience="city-report",
    file_name="experience.yaml",
    started_at=NOW - timedelta(minutes=3),
    last_event_at=NOW - timedelta(minutes=2),
    counts=Counts(completed=5, cached=1, failed=1),
    total=12,
    failed_at="analyse",
)


def test_an_experience_without_runs_can_only_be_run() -> None:
    (lens,) = code_lenses([], NOW, 5)

    assert (lens.title, lens.action, lens.run_id) == ("▶ Run", LensAction.RUN, None)


@pytest.mark.parametrize(
    ("run", "title"),
    [
        (RUN, "▶ Resume run 4f3a1b2c · failed at analyse · 2 min ago"),
        (replace(RUN, failed_at=None), "▶ Resume run 4f3a1b2c · failed · 2 min ago"),
        (replace(RUN, state=RunState.SUCCESS, failed_at=None), "▶ Resume run 4f3a1b2c · succeeded · 2 min ago"),
        (
            replace(RUN, state=RunState.SUCCESS, failed_at=None, failed_items=FailedItems(2, 5)),
            "▶ Resume run 4f3a1b2c · succeeded, 2 of 5 items failed · 2 min ago",
        ),
        (replace(RUN, failed_items=FailedItems(2, 5)), "▶ Resume run 4f3a1b2c · failed at analyse · 2 min ago"),
        (replace(RUN, state=RunState.CANCELLED), "▶ Resume run 4f3a1b2c · cancelled · 2 min ago"),
        (replace(RUN, state=RunState.INTERRUPTED), "▶ Resume run 4f3a1b2c · interrupted · 2 min ago"),
        (replace(RUN, state=RunState.WAITING), "▶ Resume run 4f3a1b2c · waiting · 2 min ago"),
    ],
)
def test_the_lens_of_an_ended_run_resumes_it_and_says_how_it_ended(run: RunSummary, title: str) -> None:
    _, lens = code_lenses([run], NOW, 5)

    assert (lens.title, lens.action, lens.run_id) == (title, LensAction.RESUME, RUN.run_id)


def test_the_lens_of_a_running_run_cancels_it_and_says_how_far_it_is() -> None:
    _, lens = code_lenses([replace(RUN, state=RunState.RUNNING)], NOW, 5)

    assert lens.title == "■ Cancel run 4f3a1b2c · 7/12 nodes · 1 cached · 1 failed"
    assert lens.action is LensAction.CANCEL


@pytest.mark.parametrize(("limit", "lenses"), [(0, 1), (2, 3), (5, 4)])
def test_the_setting_limits_how_many_runs_have_a_lens(limit: int, lenses: int) -> None:
    assert len(code_lenses([RUN] * 3, NOW, limit)) == lenses


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3_599, "59 min ago"),
        (7_300, "2 h ago"),
        (172_900, "2 d ago"),
    ],
)
def test_an_age_has_its_largest_unit(seconds: int, text: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0.4, "0 ms"),
        (340, "340 ms"),
        (2_100, "2.1 s"),
        (59_940, "59.9 s"),
        (59_990, "1 min 0 s"),
        (185_000, "3 min 5 s"),
        (3_840_000, "1 h 4 min"),
    ],
)
def test_a_duration_has_at_most_two_units(milliseconds: float, text: str) -> None:
    assert duration(milliseconds) == text


def planned(*answers: str, needs: tuple[str, ...] = ()) -> ShownRun:
    nodes = tuple(PlannedNode(f"n{number}", answer) for number, answer in enumerate(answers))
    return ShownRun(RUN, RunView(), PlannedRun(RUN.run_id, "0" * 16, 48_000.0, 0.123, nodes, StartPreview(needs=needs)))


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (("restored", "restored", "will run", "will run"), "2 restored, 2 run · saves 48.0 s, $0.12"),
        (
            ("restored", "will run", "depends", "will run if its predecessors succeed", "skipped"),
            "1 restored, 1\u20133 run · saves 48.0 s, $0.12",
        ),
        (("restored",), "1 restored, none run · saves 48.0 s, $0.12"),
        (("depends",), "0 restored, 0\u20131 run · saves $0.12"),
    ],
)
def test_the_lens_of_the_shown_run_tells_its_plan_and_offers_to_say_why(answers: tuple[str, ...], told: str) -> None:
    _, resume, why = code_lenses([RUN], NOW, 5, planned(*answers))

    assert resume.title == f"▶ Resume run 4f3a1b2c · failed at analyse · 2 min ago · {told}"
    assert (resume.action, resume.expect) == (LensAction.RESUME, "0" * 16)
    assert (why.title, why.action, why.run_id) == ("Why?", LensAction.WHY, RUN.run_id)


def test_an_older_run_that_is_shown_comes_first() -> None:
    newer = replace(RUN, run_id="aaaaaaaa-0000-4000-8000-000000000000")

    lenses = code_lenses([newer], NOW, 1, planned("restored"))

    assert [lens.run_id for lens in lenses] == [None, RUN.run_id, RUN.run_id]


def test_what_a_run_lacks_is_said_before_the_click() -> None:
    run, resume, _ = code_lenses([RUN], NOW, 5, planned("will run", needs=("claude",)), ("ANTHROPIC_API_KEY", "claude"))

    assert run.title == "▶ Run · needs ANTHROPIC_API_KEY, claude"
    assert resume.title.endswith(" · needs claude")


def test_a_lens_says_where_it_may_not_start_anything() -> None:
    titles = [lens.title for lens in code_lenses([RUN], NOW, 5, planned("restored"), is_trusted=False)]

    assert [title.endswith("(not in an untrusted workspace)") for title in titles] == [True, True, False]
