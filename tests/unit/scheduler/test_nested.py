"""Nested experiences through the pure scheduler (docs/format.md, Nested experiences)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from engine.expressions import Json
from engine.log.events.events import Counts, ErrorInfo, Output, RunStatus
from engine.scheduler.composition import Composition, compose
from engine.scheduler.tasks import Task
from tests.support.experiences import experience, yaml_graph
from tests.unit.scheduler.driving import Behaviour, Drive, fails, writes
from tests.unit.scheduler.story import Story

CHILD_STATE = """
total: {type: number, default: 1}
list: {type: array, merge: array_append, default: [zero]}
once: {merge: set_once}
"""
CHILD = yaml_graph(
    """
    - {id: one, kind: tool, impl: a.py, args: {topic: $args.topic}, reads: [total, list], writes: [total, list, once]}
    - {id: two, kind: tool, impl: a.py, reads: [total, list], writes: [list]}
    """,
    "[{from: one, to: two}]",
    CHILD_STATE,
)
STATE = """
total: {type: number}
list: {type: array, merge: array_append}
once: {merge: set_once}
sum: {type: number}
items: {type: array}
"""


def parent(
    keys: str = "",
    child: str = CHILD,
    topic: str = "$args.topic",
    behaviours: dict[str, Behaviour] | None = None,
    **options: Any,
) -> Drive:
    """before → inner (a nested experience, with `keys`) → after. `behaviours` are those of both graphs' nodes."""
    text = yaml_graph(
        f"""
        - {{id: before, kind: tool, impl: a.py, writes: [total, list, items]}}
        - {{id: inner, kind: experience, impl: child.yaml, args: {{topic: {topic}}}{keys}}}
        - {{id: after, kind: tool, impl: a.py, reads: [total, list, sum]}}
        """,
        "[{from: before, to: inner}, {from: inner, to: after}]",
        STATE,
    )
    nested: dict[str, Composition] = {"inner": compose(experience(child))}
    return Drive(experience(text), behaviours or {}, args={"topic": "owls"}, nested=nested, **options)


ADDS: dict[str, Behaviour] = {
    "before": writes(total=10, list=["outer"], items=[1, 2, 3]),
    "one": lambda task: Output({"total": task.reads["total"] + 1, "list": ["one"]}),  # type: ignore[operator]
    "two": lambda task: Output({"list": ["two"]}),
}


def test_the_childs_nodes_run_in_its_order_inside_the_node() -> None:
    story = parent(behaviours=ADDS).run()

    assert story.executed == ["before", "inner/one", "inner/two", "after"]
    assert story.groups["inner"].counts == Counts(completed=2)
    assert story.status is RunStatus.SUCCESS


def test_the_args_of_the_node_are_the_run_args_of_the_child() -> None:
    story = parent(behaviours=ADDS).run()

    assert story.tasks["inner/one"].args == {"topic": "owls"}
    assert story.tasks["inner/one"].visible_state.results.args == {"topic": "owls"}


def test_an_isolated_child_starts_at_its_defaults_and_writes_nothing_unasked() -> None:
    story = parent(behaviours=ADDS).run()

    assert story.tasks["inner/one"].reads == {"total": 1, "list": ["zero"]}
    assert story.state == {"total": 10, "list": ["outer"], "items": [1, 2, 3]}


def test_writes_take_the_childs_final_state_by_name() -> None:
    story = parent(", writes: [total, list]", behaviours=ADDS).run()

    assert story.state["total"] == 2
    assert story.state["list"] == ["outer", "zero", "one", "two"]


@pytest.mark.parametrize(("source", "value"), [("total", 2), ("$.total", 2), ("$.list.length", 3)])
def test_outputs_map_the_childs_final_state(source: str, value: int) -> None:
    story = parent(f", writes: [sum], outputs: {{sum: {source}}}", behaviours=ADDS).run()

    assert story.state["sum"] == value
    assert story.tasks["after"].reads["sum"] == value


def test_a_field_that_the_child_never_wrote_is_left_alone_with_a_warning() -> None:
    story = parent(", writes: [sum]", behaviours=ADDS).run()

    assert "sum" not in story.state
    assert story.warnings == ["test ended without a value for 'sum', so 'sum' is not written"]


def test_what_follows_gets_the_final_state_along_the_edge() -> None:
    story = parent(behaviours=ADDS).run()

    final = {"total": 2, "list": ["zero", "one", "two"]}
    assert story.tasks["after"].edges == {"inner": {"status": "success", "finalState": final}}


def test_a_shared_child_sees_the_state_around_it_and_its_writes_are_the_nodes() -> None:
    story = parent(", state_scope: shared", behaviours=ADDS).run()

    assert story.tasks["inner/one"].reads == {"total": 10, "list": ["outer"]}
    assert story.tasks["after"].reads == {"total": 11, "list": ["outer", "one", "two"]}
    assert story.state["list"] == ["outer", "one", "two"]


def test_outputs_map_what_a_shared_child_ends_with_beside_what_it_shares() -> None:
    keys = ", state_scope: shared, writes: [sum], outputs: {sum: $.list.length}"

    story = parent(keys, behaviours=ADDS).run()

    assert story.state["sum"] == 3
    assert story.state["list"] == ["outer", "one", "two"]


def test_the_reads_of_a_shared_child_order_the_node_as_its_own_would() -> None:
    text = yaml_graph(
        """
        - {id: inner, kind: experience, impl: c.yaml, state_scope: shared}
        - {id: writer, kind: tool, impl: a.py, writes: [list]}
        - {id: inner2, kind: experience, impl: c.yaml, state_scope: shared}
        """,
        state=STATE,
    )
    reader = "- {id: reader, kind: tool, impl: a.py, reads: [list]}"
    child = compose(experience(yaml_graph(reader, state="list: {type: array, merge: array_append}")))
    nested = {"inner": child, "inner2": child}

    story = Drive(experience(text), {"writer": writes(list=[1])}, width=4, nested=nested).run()

    assert story.tasks["inner/reader"].reads == {}
    assert story.tasks["inner2/reader"].reads == {"list": [1]}


def test_the_failure_of_the_child_fails_the_node_and_names_where() -> None:
    story = parent(behaviours={**ADDS, "one": fails("broken")}).run()

    assert story.groups["inner"].error == ErrorInfo("test", "test failed at one: broken")
    assert story.skipped == {"inner/two": "predecessor one failed", "after": "predecessor inner failed"}
    assert (story.status, story.reason) == (RunStatus.FAILURE, "failed at inner")


def test_fail_run_in_the_child_ends_the_child_alone() -> None:
    child = CHILD.replace("id: one,", "id: one, on_error: {policy: fail_run},")

    story = parent(child=child, behaviours={**ADDS, "one": fails()}, width=2).run()

    assert "two" not in story.executed
    assert story.groups["inner"].counts == Counts(failed=1, cancelled=1)
    assert (story.status, story.reason) == (RunStatus.FAILURE, "failed at inner")


def test_fail_run_on_the_node_ends_the_run() -> None:
    story = parent(", on_error: {policy: fail_run}", behaviours={**ADDS, "two": fails()}).run()

    assert (story.status, story.reason) == (RunStatus.FAILURE, "failed at inner (on_error: fail_run)")


def test_retry_on_the_node_runs_the_child_again_from_its_start() -> None:
    tries: list[Json] = []

    def flaky(task: Task) -> Output | ErrorInfo:
        tries.append(task.reads["total"])
        return ErrorInfo("test", "not yet") if len(tries) < 3 else Output({})

    keys = ", writes: [total], on_error: {policy: retry, attempts: 3, base_ms: 0}"
    story = parent(keys, behaviours={**ADDS, "two": flaky}).run()

    assert tries == [2, 2, 2]
    assert story.retried == ["test failed at two: not yet"] * 2
    assert story.state["total"] == 2
    assert story.status is RunStatus.SUCCESS


def test_a_child_without_its_declared_args_fails_the_node_before_it_begins() -> None:
    child = CHILD + "args: {type: object, required: [place], properties: {place: {type: string}}}\n"

    story = parent(child=child, behaviours=ADDS).run()

    assert story.executed == ["before"]
    assert "place" in story.failed["inner"]


def test_values_that_do_not_fit_the_fields_of_the_node_fail_it() -> None:
    story = parent(", writes: [sum], outputs: {sum: list}", behaviours=ADDS).run()

    error = story.groups["inner"].error
    assert error is not None
    assert "'sum'" in error.message


def test_a_fan_out_of_children_opens_as_many_as_its_concurrency_says() -> None:
    keys = ", for_each: {source: $.items, concurrency: 2}, writes: [list]"
    note: Behaviour = lambda task: Output({"list": [task.args["topic"]]})  # noqa: E731

    story = parent(keys, topic="$item", behaviours={**ADDS, "one": note}, width=16, choose=Random(3)).run()

    assert story.most_at_once == 2
    assert story.state["list"] == ["outer", *["zero", 1, "two"], *["zero", 2, "two"], *["zero", 3, "two"]]
    assert story.groups["inner"].counts == Counts(completed=3)
    assert story.groups["inner[2]"].counts == Counts(completed=2)


def test_a_fan_out_that_ends_the_run_begins_no_further_child() -> None:
    keys = ", for_each: {source: $.items, concurrency: 1}, on_error: {policy: fail_run}"

    story = parent(keys, behaviours={**ADDS, "one": fails()}).run()

    assert story.executed == ["before", "inner[0].inner/one"]
    assert list(story.groups) == ["inner[0]", "inner"]
    assert (story.status, story.reason) == (RunStatus.FAILURE, "failed at inner (on_error: fail_run)")


def test_what_a_part_began_before_it_ended_the_run_is_stopped_with_the_rest() -> None:
    """The first item fails as the pipeline begins, together with items that could go on."""
    text = yaml_graph(
        "- {id: stage, kind: experience, impl: c.yaml, args: {word: $item}, on_error: {policy: fail_run}}",
    ).replace("graph:\n", "graph:\n  pipelines: [{id: line, items: $args.words, stages: [stage]}]\n")
    child = yaml_graph("- {id: say, kind: tool, impl: a.py}") + "args: {properties: {word: {type: string}}}\n"
    nested = {"stage": compose(experience(child))}

    story = Drive(experience(text), {}, args={"words": [1, "two", "three"]}, nested=nested).run()

    assert story.executed == []
    assert (story.status, story.reason) == (RunStatus.FAILURE, "failed at stage (on_error: fail_run)")


def test_the_time_limit_of_an_earlier_try_does_not_end_a_later_one() -> None:
    """A child that is tried again begins its own children anew, with the whole of their time."""
    grandchild = compose(experience(yaml_graph("- {id: leaf, kind: tool, impl: a.py}")))
    middle = experience(yaml_graph("- {id: deeper, kind: experience, impl: c.yaml, timeout_ms: 1000}"))
    top = experience(
        yaml_graph("- {id: inner, kind: experience, impl: c.yaml, on_error: {policy: retry, attempts: 2, base_ms: 0}}")
    )
    tries: list[int] = []

    def flaky(_: Task) -> Output | ErrorInfo:
        tries.append(1)
        if len(tries) == 2:
            drive.ring(drive.story.limits[0])
        return ErrorInfo("test", "not yet") if len(tries) == 1 else Output({})

    drive = Drive(top, {"leaf": flaky}, nested={"inner": compose(middle, nested={"deeper": grandchild})})

    assert drive.run().status is RunStatus.SUCCESS
    assert len(drive.story.limits) == 2


def test_cancelling_ends_the_child_with_the_run() -> None:
    story = parent(behaviours=ADDS, cancel_after=2).run()

    assert story.executed == ["before", "inner/one"]
    assert story.cancelled == ["inner/two"]
    assert story.status is RunStatus.CANCELLED


def test_children_may_nest_children() -> None:
    grandchild = compose(experience(yaml_graph("- {id: leaf, kind: tool, impl: a.py, writes: [x]}", state="x: {}")))
    middle = experience(
        yaml_graph("- {id: deeper, kind: experience, impl: c.yaml, writes: [x]}", state="x: {}"),
    )
    top = experience(yaml_graph("- {id: inner, kind: experience, impl: c.yaml, writes: [x]}", state="x: {}"))

    story: Story = Drive(
        top, {"leaf": writes(x=7)}, nested={"inner": compose(middle, nested={"deeper": grandchild})}
    ).run()

    assert story.executed == ["inner/deeper/leaf"]
    assert story.state == {"x": 7}
