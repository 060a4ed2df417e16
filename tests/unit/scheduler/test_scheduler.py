"""Whole runs through the pure scheduler."""

from __future__ import annotations

from engine.expressions import Json
from engine.log.events.events import Output, RunStatus
from tests.support.experiences import experience, yaml_graph
from tests.unit.scheduler.driving import Drive, fails, sends, writes

CHAIN = yaml_graph(
    """
    - {id: a, kind: tool, impl: a.py, writes: [x]}
    - {id: b, kind: tool, impl: b.py, reads: [x], writes: [y]}
    - {id: c, kind: tool, impl: c.py, reads: [y]}
    """,
    "[{from: a, to: b}, {from: b, to: c}]",
    "x: {type: number}\ny: {type: number}",
)


def test_a_chain_runs_in_order_and_each_node_sees_what_came_before() -> None:
    story = Drive(experience(CHAIN), {"a": writes(x=1), "b": lambda task: Output({"y": task.reads["x"] + 1})}).run()

    assert story.executed == ["a", "b", "c"]
    assert story.tasks["c"].reads == {"y": 2}
    assert story.status is RunStatus.SUCCESS
    assert story.state == {"x": 1, "y": 2}


def test_a_failure_skips_what_depends_on_it_and_the_rest_goes_on() -> None:
    text = yaml_graph(
        """
        - {id: a, kind: tool, impl: a.py}
        - {id: b, kind: tool, impl: a.py}
        - {id: c, kind: tool, impl: a.py}
        """,
        "[{from: a, to: b}]",
    )

    story = Drive(experience(text), {"a": fails()}).run()

    assert story.executed == ["a", "c"]
    assert story.skipped == {"b": "predecessor a failed"}
    assert (story.status, story.reason) == (RunStatus.FAILURE, "failed at a")


def test_a_skip_cascades() -> None:
    story = Drive(experience(CHAIN), {"a": fails()}).run()

    assert story.skipped == {"b": "predecessor a failed", "c": "predecessor b was skipped"}


def test_a_skip_cascades_through_a_graph_deeper_than_the_stack() -> None:
    nodes = "\n".join(f"- {{id: n{i}, kind: tool, impl: a.py}}" for i in range(3000))
    edges = "\n".join(f"- {{from: n{i}, to: n{i + 1}}}" for i in range(2999))

    story = Drive(experience(yaml_graph(nodes, edges)), {"n0": fails()}).run()

    assert len(story.skipped) == 2999


def test_a_condition_that_is_false_skips_and_does_not_fail_the_run() -> None:
    text = yaml_graph(
        """
        - {id: a, kind: tool, impl: a.py, writes: [x]}
        - {id: b, kind: tool, impl: a.py}
        """,
        "[{from: a, to: b, when: $.x > 3}]",
        "x: {type: number}",
    )

    assert Drive(experience(text), {"a": writes(x=1)}).run().skipped == {"b": "when: $.x > 3 is false"}
    assert Drive(experience(text), {"a": writes(x=1)}).run().status is RunStatus.SUCCESS
    assert Drive(experience(text), {"a": writes(x=4)}).run().executed == ["a", "b"]


def test_fail_run_stops_the_run_and_cancels_the_rest() -> None:
    text = yaml_graph(
        """
        - {id: a, kind: tool, impl: a.py, on_error: {policy: fail_run}}
        - {id: b, kind: tool, impl: a.py}
        - {id: c, kind: tool, impl: a.py}
        """,
        "[{from: a, to: c}]",
    )

    story = Drive(experience(text), {"a": fails()}).run()

    assert story.executed == ["a"]
    assert story.cancelled == ["b"]
    assert story.status is RunStatus.FAILURE


def test_join_any_runs_with_one_live_edge() -> None:
    text = yaml_graph(
        """
        - {id: a, kind: tool, impl: a.py}
        - {id: b, kind: tool, impl: a.py}
        - {id: c, kind: tool, impl: a.py, join: any}
        """,
        "[{from: a, to: c}, {from: b, to: c}]",
    )

    story = Drive(experience(text), {"a": fails(), "b": sends(7)}).run()

    assert "c" in story.executed
    assert story.tasks["c"].edges == {"b": 7}


def test_join_any_with_no_live_edge_skips() -> None:
    text = yaml_graph(
        "- {id: a, kind: tool, impl: a.py}\n- {id: c, kind: tool, impl: a.py, join: any}", "[{from: a, to: c}]"
    )

    assert Drive(experience(text), {"a": fails()}).run().skipped == {"c": "no incoming edge is live (join: any)"}


def test_data_orders_without_carrying_failures() -> None:
    text = yaml_graph(
        """
        - {id: reader, kind: tool, impl: a.py, reads: [x]}
        - {id: writer, kind: tool, impl: a.py, writes: [x]}
        - {id: later, kind: tool, impl: a.py, reads: [x]}
        """,
        state="x: {type: number}",
    )

    story = Drive(experience(text), {"writer": fails()}, width=3).run()

    assert story.tasks["later"].reads == {}
    assert story.executed.index("writer") < story.executed.index("later")
    assert story.skipped == {}


def test_args_are_resolved_and_references_to_nothing_are_dropped_with_a_warning() -> None:
    text = yaml_graph(
        """
        - {id: a, kind: tool, impl: a.py, writes: [x]}
        - {id: b, kind: tool, impl: b.py, args: {first: "$.x[0]", all: $.x, run: $args.city, gone: $args.no, text: x}}
        """,
        state="x: {type: array}",
    )

    story = Drive(experience(text), {"a": writes(x=[1, 2])}, args={"city": "Oslo"}).run()

    task = story.tasks["b"]
    assert task.args == {"first": 1, "all": [1, 2], "run": "Oslo", "text": "x"}
    assert task.warnings == ("args: $args.no has no value, so its key is left out",)


FAN_OUT = yaml_graph(
    """
    - {id: list, kind: tool, impl: a.py, writes: [items]}
    - {id: each, kind: tool, impl: a.py, for_each: {source: $.items}, writes: [found], args: {of: $item.n, at: $index}}
    - {id: sum, kind: tool, impl: a.py, reads: [found]}
    """,
    "[{from: list, to: each}, {from: each, to: sum}]",
    "items: {type: array}\nfound: {type: array, merge: array_append}",
)
ITEMS: list[Json] = [{"n": 1}, {"n": 2}, {"n": 3}]


def test_a_fan_out_runs_once_for_each_item_and_merges_in_item_order() -> None:
    behaviours = {
        "list": writes(items=ITEMS),
        "each": lambda task: Output({"found": [task.args["of"]]}, task.args["at"]),
    }

    story = Drive(experience(FAN_OUT), behaviours, width=3).run()

    assert story.tasks["sum"].reads == {"found": [1, 2, 3]}
    assert story.tasks["sum"].edges == {"each": [0, 1, 2]}
    assert story.groups["each"].counts.completed == 3


def test_a_failed_item_fails_its_fan_out_and_keeps_the_others() -> None:
    behaviours = {
        "list": writes(items=ITEMS),
        "each": lambda task: fails("no 2")(task) if task.args["of"] == 2 else Output({"found": [task.args["of"]]}),
    }

    story = Drive(experience(FAN_OUT), behaviours).run()

    error = story.groups["each"].error
    assert error is not None
    assert error.message == "1 of 3 items failed; item 1: no 2"
    assert story.skipped == {"sum": "predecessor each failed"}
    assert story.state["found"] == [1, 3]
    assert story.status is RunStatus.FAILURE


def test_on_item_error_continue_completes_the_fan_out() -> None:
    text = FAN_OUT.replace("source: $.items", "source: $.items, on_item_error: continue")
    behaviours = {
        "list": writes(items=ITEMS),
        "each": lambda task: fails()(task) if task.args["of"] == 2 else Output({"found": [task.args["of"]]}),
    }

    story = Drive(experience(text), behaviours).run()

    assert story.groups["each"].counts.failed == 1
    assert story.status is RunStatus.SUCCESS
    assert story.tasks["sum"].reads == {"found": [1, 3]}


def test_a_fan_out_fails_if_every_item_failed_whatever_on_item_error_says() -> None:
    text = FAN_OUT.replace("source: $.items", "source: $.items, on_item_error: continue")
    behaviours = {"list": writes(items=ITEMS), "each": lambda task: fails(f"no {task.args['of']}")(task)}

    story = Drive(experience(text), behaviours).run()

    error = story.groups["each"].error
    assert error is not None
    assert error.message == "3 of 3 items failed; item 0: no 1"
    assert story.skipped == {"sum": "predecessor each failed"}
    assert story.status is RunStatus.FAILURE


def test_a_fan_out_without_items_completes_whatever_on_item_error_says() -> None:
    text = FAN_OUT.replace("source: $.items", "source: $.items, on_item_error: continue")

    story = Drive(experience(text), {"list": writes(items=[])}).run()

    assert story.groups["each"].error is None
    assert story.status is RunStatus.SUCCESS


def test_items_that_were_stopped_are_no_failures_of_a_fan_out_that_tolerates_some() -> None:
    text = FAN_OUT.replace("source: $.items", "source: $.items, on_item_error: continue")
    behaviours = {"list": writes(items=ITEMS), "each": fails()}

    story = Drive(experience(text), behaviours, cancel_after=2).run()

    assert "each" not in story.groups
    assert story.status is RunStatus.CANCELLED


def test_an_empty_list_completes_at_once() -> None:
    story = Drive(experience(FAN_OUT), {"list": writes(items=[])}).run()

    assert story.executed == ["list", "sum"]
    assert story.status is RunStatus.SUCCESS


def test_a_source_without_a_value_fails_the_node_with_its_name() -> None:
    story = Drive(experience(FAN_OUT), {}).run()

    assert story.failed["each"] == "for_each.source $.items names nothing: no node that ran before each wrote it"


def test_equal_items_have_keys_of_their_own() -> None:
    behaviours = {"list": writes(items=["same", "other", "same"])}

    story = Drive(experience(FAN_OUT), behaviours).run()

    keys = [story.tasks[f"each[{index}]"].scope[-1].item.key for index in range(3)]  # type: ignore[union-attr]
    assert keys[0].split("#")[0] == keys[2].split("#")[0]
    assert [key.split("#")[1] for key in keys] == ["0", "0", "1"]


def test_cancelling_ends_the_run_as_cancelled() -> None:
    story = Drive(experience(CHAIN), {"a": writes(x=1)}, cancel_after=1).run()

    assert story.executed == ["a"]
    assert (story.status, story.reason) == (RunStatus.CANCELLED, "enough")
