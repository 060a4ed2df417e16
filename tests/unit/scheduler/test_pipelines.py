"""Pipelines through the pure scheduler (docs/format.md, Pipelines and loops)."""

from __future__ import annotations

from random import Random

import pytest

from engine.experience.model import Experience
from engine.log.events.events import Counts, ErrorInfo, Output, RunStatus
from engine.scheduler.tasks import Task
from tests.support.experiences import experience, yaml_graph
from tests.unit.scheduler.driving import Behaviour, Drive, fails, sends, writes

STATE = "rows: {type: array}\nout: {type: array, merge: array_append}\nlast: {}\nonce: {merge: set_once}"


def line(stages: str = "", more: str = "", edges: str = "") -> Experience:
    """load → rows (a pipeline of read, then keep) → report; `stages` are keys of both stages."""
    text = yaml_graph(
        f"""
        - {{id: load, kind: tool, impl: a.py, writes: [rows]}}
        - {{id: read, kind: tool, impl: a.py, reads: [out, last], writes: [last, out]{stages}}}
        - {{id: keep, kind: tool, impl: a.py, reads: [out, last], writes: [out, once]{stages}}}
        - {{id: report, kind: tool, impl: a.py, reads: [out, last]}}
        """
        + more,
        f"[{{from: load, to: line}}, {{from: keep, to: report}}{edges}]",
        STATE,
    )
    return experience(
        text.replace("graph:\n", "graph:\n  pipelines: [{id: line, items: $.rows, stages: [read, keep]}]\n")
    )


ROWS = {"load": writes(rows=["a", "b", "c"])}


def test_every_item_goes_through_every_stage_and_one_at_a_time_means_item_by_item() -> None:
    story = Drive(line(), ROWS).run()

    assert story.executed == [
        "load",
        *["line[0].read", "line[0].keep", "line[1].read", "line[1].keep", "line[2].read", "line[2].keep"],
        "report",
    ]
    assert story.groups["line"].counts == Counts(completed=6)
    assert story.status is RunStatus.SUCCESS


def test_a_stage_gets_its_item_and_what_the_stage_before_sent() -> None:
    story = Drive(line(), {**ROWS, "read": lambda task: Output({}, task.inside.item.value * 2)}).run()

    keep = story.tasks["line[1].keep"]
    assert keep.edges == {"read": "bb"}
    assert keep.item is not None
    assert (keep.item.value, keep.item.index, keep.inside.pipeline) == ("b", 1, "line")


def test_a_stage_without_an_edge_output_passes_the_previous_one_on() -> None:
    text = yaml_graph(
        """
        - {id: one, kind: tool, impl: a.py}
        - {id: two, kind: tool, impl: a.py}
        - {id: three, kind: tool, impl: a.py}
        - {id: after, kind: tool, impl: a.py}
        """,
        "[{from: three, to: after}]",
    )
    text = text.replace("graph:\n", "graph:\n  pipelines: [{id: line, items: $args.rows, stages: [one, two, three]}]\n")

    story = Drive(experience(text), {"one": sends("sent")}, args={"rows": [1, 2]}).run()

    assert story.tasks["line[0].one"].edges == {}
    assert story.tasks["line[0].three"].edges == {"two": "sent"}
    assert story.tasks["after"].edges == {"line": ["sent", "sent"]}


def test_what_reaches_the_pipeline_by_an_edge_reaches_every_stage() -> None:
    story = Drive(line(), {"load": lambda _: Output({"rows": [1]}, "sent")}).run()

    assert story.tasks["line[0].read"].edges == story.tasks["line[0].keep"].edges == {"load": "sent"}


def test_an_item_sees_the_state_before_the_pipeline_and_its_own_earlier_stages_only() -> None:
    behaviours: dict[str, Behaviour] = {
        "load": writes(rows=["a", "b"], last="before"),
        "read": lambda task: Output({"last": task.inside.item.value, "out": [task.inside.item.value]}),
    }
    story = Drive(line(), behaviours, width=4, choose=Random(1)).run()

    assert all(story.tasks[f"line[{index}].read"].reads == {"last": "before"} for index in (0, 1))
    assert story.tasks["line[1].keep"].reads == {"last": "b", "out": ["b"]}


@pytest.mark.parametrize("seed", range(5))
def test_writes_count_in_item_then_stage_order(seed: int) -> None:
    def note(task: Task) -> Output:
        assert task.item is not None
        return Output({"out": [f"{task.node.id} {task.item.value}"]})

    story = Drive(line(), {**ROWS, "read": note, "keep": note}, width=16, choose=Random(seed)).run()

    assert story.tasks["report"].reads["out"] == ["read a", "keep a", "read b", "keep b", "read c", "keep c"]


def test_a_failing_stage_ends_its_item_and_the_pipeline_fails_once_all_have_ended() -> None:
    behaviours: dict[str, Behaviour] = {
        **ROWS,
        "read": lambda task: ErrorInfo("test", "broken") if task.inside.item.value == "b" else Output({"out": [1]}),
        "keep": writes(out=[2]),
    }
    story = Drive(line(), behaviours).run()

    assert "line[1].keep" not in story.executed
    assert story.skipped == {"line[1].keep": "stage read failed", "report": "predecessor line failed"}
    assert story.groups["line"].error == ErrorInfo("test", "1 of 3 items failed; item 1: broken")
    assert story.groups["line"].counts == Counts(completed=4, failed=1, skipped=1)
    assert story.state["out"] == [1, 2, 1, 2]
    assert story.status is RunStatus.FAILURE


def test_a_stage_that_says_fail_run_stops_the_run_at_once() -> None:
    story = Drive(line(", on_error: {policy: fail_run}"), {**ROWS, "keep": fails()}).run()

    assert story.executed == ["load", "line[0].read", "line[0].keep"]
    assert (story.status, story.reason) == (RunStatus.FAILURE, "failed at keep (on_error: fail_run)")


def test_a_stage_that_says_retry_is_tried_again() -> None:
    tries: list[int] = []

    def flaky(task: Task) -> Output | ErrorInfo:
        tries.append(1)
        return ErrorInfo("test", "not yet") if len(tries) < 3 else Output({})

    given = line(", on_error: {policy: retry, attempts: 3, base_ms: 0}")
    story = Drive(given, {"load": writes(rows=["a"]), "read": flaky}).run()

    assert len(tries) == 3
    assert story.status is RunStatus.SUCCESS


def test_items_that_give_a_set_once_field_two_values_fail_the_pipeline() -> None:
    story = Drive(line(), {**ROWS, "keep": lambda task: Output({"once": task.inside.item.value})}).run()

    error = story.groups["line"].error
    assert error is not None
    assert error.message.startswith("two items wrote different values to 'once'")


def test_a_pipeline_without_items_is_done_and_without_a_list_it_fails() -> None:
    assert Drive(line(), {"load": writes(rows=[])}).run().executed == ["load", "report"]

    story = Drive(line(), {}).run()

    assert story.failed == {"line": "items $.rows names nothing: no node that ran before line wrote it"}
    assert story.skipped == {"report": "predecessor line failed"}


def test_a_pipeline_without_edges_starts_when_what_it_reads_is_written() -> None:
    text = yaml_graph(
        """
        - {id: stage, kind: tool, impl: a.py}
        - {id: load, kind: tool, impl: a.py, writes: [rows]}
        - {id: slow, kind: tool, impl: a.py}
        """,
        state=STATE,
    ).replace("graph:\n", "graph:\n  pipelines: [{id: line, items: $.rows, stages: [stage]}]\n")

    assert Drive(experience(text), {"load": writes(rows=[1])}).run().executed == ["load", "slow", "line[0].stage"]


def test_the_for_each_of_a_stage_is_ignored_with_a_warning() -> None:
    story = Drive(line(", for_each: {source: $.rows}"), {"load": writes(rows=["a"])}).run()

    assert story.executed == ["load", "line[0].read", "line[0].keep", "report"]
    assert "for_each of read is ignored: as a stage it runs once for each item of line" in story.warnings


def test_cancelling_lets_no_further_stage_begin() -> None:
    story = Drive(line(), ROWS, cancel_after=2, width=2).run()

    assert len(story.executed) == 2
    assert story.status is RunStatus.CANCELLED
