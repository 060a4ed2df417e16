"""Code lenses of an experience (oe_lsp/ide/runs/code_lens.py)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from engine.log.events.events import Counts, FailedItems
from engine.log.humanize import age, duration
from engine.log.reading.summary import RunState, RunSummary
from oe_lsp.ide.runs.code_lens import LensAction, code_lenses

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
