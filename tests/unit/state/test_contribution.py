"""What a run adds to the state, as its log tells it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.experience.model import Merge
from engine.expressions import MISSING, Json, Missing
from engine.log.events.events import Counts, Event, Lineage, Record, RunFinished, RunStarted, RunStatus, Wrote
from engine.log.reading.view import RunView
from engine.state.contribution import Contribution, FieldContribution, contribution_of

RUN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
ROOT = "11111111-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
STARTED = RunStarted(state={"log": ["a"]}, settings={"carried": {"log": []}}, lineage=Lineage(ROOT, 1))
FINISHED = RunFinished(
    status=RunStatus.FAILURE,
    counts=Counts(),
    wrote={"log": Wrote(["b"], "scan", "array_append"), "title": Wrote("T", "name", "last_wins")},
    duration_ms=1,
)


def no_blob(digest: str) -> bytes:
    raise AssertionError(f"no value here is in a blob: {digest}")


def view_of(*events: Event) -> RunView:
    view = RunView()
    for seq, event in enumerate(events):
        view.apply(Record(seq, f"2026-01-02T03:04:0{seq}.000Z", RUN, event))
    return view


def test_the_first_and_the_last_event_say_what_a_run_contributes() -> None:
    assert contribution_of(view_of(STARTED, FINISHED), no_blob) == Contribution(
        RUN,
        ROOT,
        "2026-01-02T03:04:01.000Z",
        {
            "log": FieldContribution(["b"], "scan", Merge.ARRAY_APPEND, carried=True, start=[]),
            "title": FieldContribution("T", "name", Merge.LAST_WINS, carried=False),
        },
    )


def test_a_run_without_an_end_contributes_nothing() -> None:
    assert contribution_of(view_of(STARTED), no_blob) is None


def test_a_run_that_wrote_nothing_contributes_no_field() -> None:
    contribution = contribution_of(view_of(STARTED, replace(FINISHED, wrote=None)), no_blob)

    assert contribution is not None
    assert contribution.fields == {}


AFTER = [
    (Merge.LAST_WINS, True, "old", "new", "new"),
    (Merge.ARRAY_APPEND, True, ["old"], ["new"], ["old", "new"]),
    (Merge.ARRAY_APPEND, True, MISSING, ["new"], ["start", "new"]),
    (Merge.ARRAY_APPEND, False, ["old"], ["new"], ["start", "new"]),
    (Merge.SET_ONCE, True, "old", "new", "old"),
    (Merge.SET_ONCE, True, None, "new", "new"),
    (Merge.SET_ONCE, False, "old", "new", ["start"]),
]


@pytest.mark.parametrize(("merge", "carried", "before", "value", "after"), AFTER)
def test_a_carried_field_continues_and_any_other_starts_over(
    merge: Merge, carried: bool, before: Json | Missing, value: Json, after: Json
) -> None:
    assert FieldContribution(value, "n", merge, carried, ["start"]).after(before) == after
