"""A redacted page: whatever a run worked with is not in it, and what happened is."""

from __future__ import annotations

import pytest

from engine.log.events.events import (
    ActivityKind,
    Cause,
    Counts,
    EdgeEnds,
    ErrorInfo,
    Event,
    ExperienceRef,
    Input,
    Item,
    Location,
    Metrics,
    NodeActivity,
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeTokens,
    NodeWarning,
    Output,
    ProducedBy,
    RunFinished,
    RunStarted,
    RunStatus,
    RunWarning,
    Scope,
    ScopeKind,
    Sums,
    Wrote,
)
from engine.report.page.page import run_page
from engine.report.page.redaction import without_literals
from tests.unit.report.conftest import RUN, a_log, picture, summary_of

VALUE = "c4nary"
ERROR = ErrorInfo("ValueError", f"{VALUE} is wrong", Location(f"/home/{VALUE}/tool.py", 3))
GIVEN = Input(
    args={"a": VALUE}, given={"g": [VALUE]}, reads={"r": {VALUE: VALUE}}, edges={"first": VALUE}, item={"deep": [VALUE]}
)
OUTPUT = Output({"found": [VALUE]}, {VALUE: VALUE})
PARTS = {"args.a": VALUE, f"prompt /home/{VALUE}/a.md": VALUE, "edges.first": VALUE, f"file {VALUE}": VALUE}
AN_ITEM = (Scope(ScopeKind.FANOUT, "fan", Item(7, f"{VALUE}#0")),)


def events() -> list[Event]:
    """One of each kind, with the value wherever a log may hold one."""
    return [
        RunStarted(
            args={"a": VALUE},
            state={"s": VALUE},
            experience=ExperienceRef("demo", "1.0.0", f"/home/{VALUE}/experience.yaml"),
            nodes=("first", "fan", "old", "bad", "idle", "stopped", "under_way"),
            files={f"/home/{VALUE}/t.py": VALUE},
            settings={"llm": VALUE},
            spec_hash=VALUE,
            host=VALUE,
        ),
        NodeStarted(node_id="first", attempt_id="ab12", input=GIVEN, reasons=(f"args.a is {VALUE}",)),
        NodeActivity(node_id="first", activity=f"thinking of {VALUE}", kind=ActivityKind.CALL),
        NodeWarning(node_id="first", message=VALUE),
        NodeAttempt(node_id="first", attempt=1, attempt_id="ab12", level="node", error=ERROR, wait_ms=5),
        NodeTokens(node_id="first", tokens_in=1200, tokens_out=34, cost_usd=0.5),
        NodeCompleted(
            node_id="first",
            input_hash=VALUE,
            used_hash=VALUE,
            input_parts=PARTS,
            keyed_parts={"args.a": VALUE},
            output=OUTPUT,
            duration_ms=1234,
            metrics=Metrics(tokens_in=1200, tokens_out=34, cost_usd=0.5),
            restorable=False,
            restorable_reason=f"it loaded /home/{VALUE}/lib.py",
            produced={f"{VALUE}.csv": VALUE},
            loaded={f"{VALUE}.py": VALUE},
        ),
        NodeStarted(node_id="fan", items=1),
        NodeStarted(node_id="fan", scope=AN_ITEM, input=GIVEN),
        NodeFailed(node_id="fan", scope=AN_ITEM, error=ERROR, input_parts=PARTS),
        NodeFailed(node_id="fan", error=ERROR, counts=Counts(failed=1)),
        NodeCached(
            node_id="old",
            input=GIVEN,
            reasons=(VALUE,),
            input_hash=VALUE,
            input_parts=PARTS,
            output=OUTPUT,
            duration_ms=77,
            produced_by=ProducedBy(RUN, 3),
        ),
        NodeFailed(node_id="bad", error=ERROR),
        NodeSkipped(node_id="idle", reason=f"$.x is {VALUE}", cause=Cause(edge=EdgeEnds("bad", "idle"))),
        NodeCancelled(node_id="stopped", reason=VALUE, cause=Cause(node="bad")),
        NodeStarted(node_id="under_way", input=GIVEN),
        RunWarning(message=VALUE),
        RunFinished(
            status=RunStatus.FAILURE,
            reason=VALUE,
            failed_at="bad",
            error=ERROR,
            counts=Counts(completed=1, failed=2),
            spent=Sums(0.5, 1200, 34),
            wrote={"found": Wrote(VALUE, "first", "replace")},
            duration_ms=9000,
        ),
    ]


@pytest.mark.parametrize("goes_on", [False, True])
def test_no_value_and_no_text_that_may_hold_one_is_on_the_page(goes_on: bool) -> None:
    records = a_log(*events()[: -1 if goes_on else None])
    drawn = picture(
        f"- {{id: first, kind: tool, impl: t.py}}\n- {{id: bad, kind: agent, prompt: 'about {VALUE}', writes: [x]}}",
        f"[{{from: first, to: bad, when: \"$.x == '{VALUE}' || $.x > 48151623\"}}]",
        state=f"x: {{type: string, default: {VALUE}}}",
    )

    for page in (
        run_page(records, summary_of(records), redacted=True),
        run_page(records, summary_of(records), drawn, [VALUE], redacted=True),
    ):
        assert VALUE not in page
        assert "48151623" not in page

    assert VALUE in run_page(records, summary_of(records))


def test_names_statuses_times_and_costs_stay_and_the_page_says_what_is_missing() -> None:
    records = a_log(*events())

    page = run_page(records, summary_of(records), redacted=True)

    for text in (
        "Redacted: ",
        "ValueError",
        "1.2 s",
        "0.5000",
        "fan[7]",
        "because of the edge bad → idle",
        "writes found",
    ):
        assert text in page, text


def test_a_condition_keeps_its_shape_without_literals() -> None:
    assert without_literals("$.name == 'a b' && $.x2 >= -3.5 && \"c") == "$.name == … && $.x2 >= … && …"
