"""A resume does what its plan says, and ends like a fresh run (docs/design.md, Resume)."""

from __future__ import annotations

from engine.cache.decisions.decision import Answer
from engine.cache.plan.plan import Entry
from engine.log.events.events import RunStatus
from tests.support.experiences import yaml_graph
from tests.support.worlds import World


def answers(entries: tuple[Entry, ...]) -> dict[str, Answer]:
    """By node."""
    return {entry.node_id: entry.answer for entry in entries}


async def test_a_restored_write_that_clashes_with_a_new_set_once_value_fails_as_it_would_afresh(world: World) -> None:
    world.graph(
        """
        - {id: first, kind: tool, impl: first.py, writes: [winner]}
        - {id: second, kind: tool, impl: second.py, writes: [winner]}
        """,
        state="winner: {type: string, merge: set_once}",
    )
    world.tool("first", "return {'state_delta': {'winner': 'ash'}}")
    world.tool("second", "return {'state_delta': {'winner': 'ash'}}")
    done = await world.run()
    world.tool("first", "return {'state_delta': {'winner': 'birch'}}")
    planned = world.plan(done.run_id)

    resumed = await world.resume(done.run_id)
    fresh = await world.run()

    assert planned.entries[1].reasons == ("its set_once fields come from first",)
    assert resumed.finished.status is fresh.finished.status is RunStatus.FAILURE
    assert resumed.final_state == fresh.final_state == {"winner": "birch"}


async def test_a_restored_write_that_its_field_no_longer_takes_is_not_restored(world: World) -> None:
    nodes = "- {id: count, kind: tool, impl: count.py, writes: [total]}"
    world.graph(nodes, state="total: {type: number}")
    world.tool("count", "return {'state_delta': {'total': 3}}")
    done = await world.run()
    world.graph(nodes, state="total: {type: string}")
    planned = world.plan(done.run_id)

    resumed = await world.resume(done.run_id)

    reason = "not restorable: count wrote to 'total' 3, which is not of type string"
    assert (planned.entries[0].answer, planned.entries[0].reasons) == (Answer.WILL_RUN, (reason,))
    assert resumed.finished.status is RunStatus.FAILURE


async def test_items_that_contradict_one_another_fail_again_and_the_plan_says_so(world: World) -> None:
    world.graph(
        """
        - {id: each, kind: tool, impl: each.py, writes: [winner], for_each: {source: $args.names}}
        - {id: after, kind: tool, impl: after.py}
        """,
        "[{from: each, to: after}]",
        "winner: {type: string, merge: set_once}",
    )
    world.tool("each", "return {'state_delta': {'winner': item}}")
    world.tool("after", "return {}")
    failed = await world.run({"names": ["ash", "birch"]})
    planned = world.plan(failed.run_id)
    world.executed()

    await world.resume(failed.run_id)

    assert answers(planned.entries) == {"each": Answer.WILL_RUN, "after": Answer.SKIPPED}
    assert planned.entries[0].reasons[0].startswith("two items wrote different values to 'winner'")
    assert world.executed() == []


async def test_more_items_than_max_items_allows_are_not_planned_as_restored(world: World) -> None:
    nodes = "- {{id: each, kind: tool, impl: each.py, for_each: {{source: $args.names{more}}}}}"
    world.graph(nodes.format(more=""))
    world.tool("each", "return {}")
    done = await world.run({"names": ["ash", "birch"]})
    world.graph(nodes.format(more=", max_items: 1"))
    planned = world.plan(done.run_id)

    resumed = await world.resume(done.run_id)

    assert planned.entries[0].answer is Answer.WILL_RUN
    assert "more than for_each.max_items allows (1)" in planned.entries[0].reasons[0]
    assert resumed.finished.status is RunStatus.FAILURE


async def test_a_nested_experience_behind_a_node_that_will_run_again_is_not_promised(world: World) -> None:
    world.graph(
        """
        - {id: gate, kind: tool, impl: gate.py}
        - {id: inner, kind: experience, impl: child}
        """,
        "[{from: gate, to: inner}]",
    )
    world.tool("gate", "return {}")
    world.write("child/experience.yaml", yaml_graph("- {id: work, kind: tool, impl: work.py}"))
    world.write("child/work.py", "def run(input):\n    return {}\n")
    done = await world.run()
    world.tool("gate", "raise ValueError('closed')")
    planned = world.plan(done.run_id)

    resumed = await world.resume(done.run_id)

    inner = planned.entries[1]
    assert (inner.answer, inner.reasons) == (Answer.DEPENDS, ("it needs gate to succeed",))
    assert resumed.finished.counts.skipped == 1


async def test_a_nested_output_that_the_fields_around_it_no_longer_take_is_not_promised(world: World) -> None:
    nodes = "- {id: inner, kind: experience, impl: child, writes: [word]}"
    world.graph(nodes, state="word: {type: string}")
    child = yaml_graph("- {id: say, kind: tool, impl: say.py, writes: [word]}", state="word: {type: string}")
    world.write("child/experience.yaml", child)
    world.write("child/say.py", "def run(input):\n    return {'state_delta': {'word': 'owl'}}\n")
    done = await world.run()
    world.graph(nodes, state="word: {type: number}")
    planned = world.plan(done.run_id)

    resumed = await world.resume(done.run_id)

    assert planned.entries[0].answer is Answer.WILL_RUN
    assert planned.entries[0].reasons == ("inner wrote to 'word' owl, which is not of type number",)
    assert resumed.finished.status is RunStatus.FAILURE


async def test_an_edge_whose_condition_is_false_brings_nothing_to_a_join_of_any(world: World) -> None:
    world.graph(
        """
        - {id: count, kind: tool, impl: count.py, writes: [n]}
        - {id: always, kind: tool, impl: always.py, cache: false}
        - {id: end, kind: tool, impl: end.py, join: any}
        """,
        "[{from: always, to: end}, {from: count, to: end, when: $.n > 2}]",
        "n: {type: number}",
    )
    world.tool("count", "return {'state_delta': {'n': 1}, 'edge_output': 1}")
    world.tool("always", "return {}")
    world.tool("end", "return {}")
    done = await world.run()
    planned = world.plan(done.run_id)

    resumed = await world.resume(done.run_id)

    assert answers(planned.entries)["end"] is Answer.DEPENDS
    assert "end" in world.restored(resumed.run_id)


async def test_a_nested_write_that_may_clash_with_an_unknown_set_once_value_is_not_promised(world: World) -> None:
    world.graph(
        """
        - {id: first, kind: tool, impl: first.py, writes: [winner], cache: false}
        - {id: inner, kind: experience, impl: child, writes: [winner]}
        """,
        "[{from: first, to: inner}]",
        "winner: {type: string, merge: set_once}",
    )
    world.tool("first", "return {'state_delta': {'winner': 'ash'}}")
    child = yaml_graph("- {id: say, kind: tool, impl: say.py, writes: [winner]}", state="winner: {type: string}")
    world.write("child/experience.yaml", child)
    world.write("child/say.py", "def run(input):\n    return {'state_delta': {'winner': 'ash'}}\n")
    done = await world.run()
    planned = world.plan(done.run_id)

    resumed = await world.resume(done.run_id)

    reason = "its set_once fields come from first"
    assert (planned.entries[1].answer, planned.entries[1].reasons) == (Answer.DEPENDS, (reason,))
    assert resumed.finished.status is RunStatus.SUCCESS


async def test_a_retried_nested_experience_that_cannot_succeed_is_planned_to_its_last_attempt(world: World) -> None:
    policy = "on_error: {policy: retry, attempts: 3, base_ms: 1}"
    world.graph(f"- {{id: inner, kind: experience, impl: child, {policy}}}")
    nodes = "- {id: each, kind: tool, impl: each.py, for_each: {source: $.names}}"
    world.write("child/experience.yaml", yaml_graph(nodes, state="names: {type: array, default: [a]}"))
    world.write("child/each.py", "def run(input):\n    return {}\n")
    done = await world.run()
    world.write("child/experience.yaml", yaml_graph(nodes, state="names: {default: text}"))

    planned = world.plan(done.run_id)

    (inner,) = planned.entries
    assert (inner.answer, inner.reasons) == (Answer.WILL_RUN, ("1 of 1 nodes",))
    assert inner.items[0].reasons == ("for_each.source $.names is text, not a list",)
