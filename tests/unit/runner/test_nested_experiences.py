"""Whole runs of nested experiences with real tools, and their resumes."""

from __future__ import annotations

import time
from textwrap import indent

import pytest

from engine.cache.decisions.decision import Answer
from engine.experience.load import InvalidExperienceError, load
from engine.log.events.events import (
    Counts,
    NodeAttempt,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    Record,
    RunStarted,
    RunStatus,
    ScopeKind,
)
from engine.log.reading.view import fold
from engine.runner.prepare import prepare_run
from engine.runner.session import carry_out, new_run_id
from tests.support.experiences import yaml_graph
from tests.support.worlds import HANGS, World

PARENT = """
- {{id: before, kind: tool, impl: before.py, writes: [topic]}}
- {{id: inner, kind: experience, impl: child/experience.yaml, args: {{topic: $.topic}}, writes: [text]{keys}}}
- {{id: after, kind: tool, impl: after.py, reads: [text], writes: [end]}}
"""
STATE = "topic: {type: string}\ntext: {type: string}\nend: {type: string}"
NOTE = (
    "import sys\nsys.path.insert(0, str(__import__('pathlib').Path(__file__).parents[1]))\nfrom recorder import note\n"
)


def child_tool(world: World, name: str, body: str) -> None:
    """A tool in the child's folder that notes its name beside the parent's."""
    world.write(
        f"child/{name}.py", f"{NOTE}\ndef run(input):\n    state = input['_state']\n    note('{name}')\n{body}\n"
    )


def with_keys(world: World, keys: str) -> None:
    """Write the parent with further keys on its nested node."""
    world.graph(PARENT.format(keys=keys), "[{from: before, to: inner}, {from: inner, to: after}]", STATE)


@pytest.fixture
def nesting(world: World) -> World:
    """before → inner (draft → polish) → after, where inner lies in a folder of its own."""
    with_keys(world, "")
    world.tool("before", "return {'state_delta': {'topic': 'owls'}}")
    world.tool("after", "return {'state_delta': {'end': state['text'] + '.'}}")
    child = yaml_graph(
        """
        - {id: draft, kind: tool, impl: draft.py, args: {about: $args.topic}, writes: [rough]}
        - {id: polish, kind: tool, impl: polish.py, reads: [rough], writes: [text]}
        """,
        "[{from: draft, to: polish}]",
        "rough: {type: string}\ntext: {type: string}",
    )
    world.write("child/experience.yaml", child)
    child_tool(world, "draft", "    return {'state_delta': {'rough': 'on ' + input['about']}}")
    child_tool(world, "polish", "    return {'state_delta': {'text': state['rough'].title()}}")
    return world


async def test_a_nested_experience_runs_from_its_own_folder_and_gives_its_state(nesting: World) -> None:
    ended = await nesting.run()

    assert ended.finished.status is RunStatus.SUCCESS
    assert ended.final_state == {"topic": "owls", "text": "On Owls", "end": "On Owls."}
    assert nesting.executed() == ["before", "draft", "polish", "after"]


async def test_its_events_are_in_the_parents_log_with_their_scope(nesting: World) -> None:
    ended = await nesting.run()

    records = nesting.records(ended.run_id)
    events = [record.event for record in records]
    inside = [event for event in events if getattr(event, "scope", ())]
    assert {event.node_id for event in inside} == {"draft", "polish"}  # type: ignore[union-attr]
    assert {(step.kind, step.id) for event in inside for step in event.scope} == {(ScopeKind.EXPERIENCE, "inner")}  # type: ignore[union-attr]
    of_inner = [event for event in events if getattr(event, "node_id", "") == "inner"]
    assert isinstance(of_inner[0], NodeStarted)
    assert isinstance(of_inner[1], NodeCompleted)
    assert (of_inner[0].items, of_inner[1].counts) == (2, Counts(completed=2))
    assert list(fold(records).nodes) == ["before", "inner", "after"]
    assert isinstance(events[0], RunStarted)
    assert {"child/experience.yaml", "child/draft.py", "child/polish.py"} < set(events[0].files)


async def test_a_resume_runs_only_the_part_that_failed_and_what_follows(nesting: World) -> None:
    child_tool(nesting, "polish", "    raise ValueError('not yet')")
    failed = await nesting.run()
    error = next(
        record.event.error
        for record in nesting.records(failed.run_id)
        if isinstance(record.event, NodeFailed) and record.event.node_id == "inner"
    )
    assert error.message.startswith("test failed at polish: ValueError: not yet")
    child_tool(nesting, "polish", "    return {'state_delta': {'text': 'mended'}}")
    nesting.executed()
    planned = nesting.plan(failed.run_id)

    resumed = await nesting.resume(failed.run_id)

    assert nesting.executed() == ["polish", "after"]
    assert resumed.final_state["end"] == "mended."
    inner = planned.entries[1]
    assert (inner.answer, inner.reasons) == (Answer.WILL_RUN, ("1 of 2 nodes",))
    assert [(part.node_id, part.answer) for part in inner.items] == [
        ("draft", Answer.RESTORED),
        ("polish", Answer.WILL_RUN),
    ]


async def test_resuming_a_success_restores_all_of_it(nesting: World) -> None:
    done = await nesting.run()
    nesting.executed()
    planned = nesting.plan(done.run_id)

    resumed = await nesting.resume(done.run_id)

    assert nesting.executed() == []
    assert resumed.final_state == done.final_state
    assert resumed.finished.counts == Counts(cached=3)
    assert [entry.answer for entry in planned.entries] == [Answer.RESTORED] * 3


async def test_an_edit_in_the_child_runs_what_it_concerns(nesting: World) -> None:
    done = await nesting.run()
    child = nesting.folder / "child/experience.yaml"
    child.write_text("# a comment\n" + child.read_text().replace("impl: polish.py", "impl: polish.py, cache_key: two"))
    nesting.executed()

    await nesting.resume(done.run_id)

    assert nesting.executed() == ["polish"]  # with the same result: what reads it is restored


async def test_cache_false_on_the_node_runs_all_of_it_again(nesting: World) -> None:
    with_keys(nesting, ", cache: false")
    done = await nesting.run()
    nesting.executed()

    await nesting.resume(done.run_id)

    assert nesting.executed() == ["draft", "polish"]


async def test_a_child_whose_args_are_not_known_yet_depends_on_where_they_come_from(nesting: World) -> None:
    done = await nesting.run()
    nesting.tool("before", "return {'state_delta': {'topic': 'bats'}}")

    inner = nesting.plan(done.run_id).entries[1]

    assert (inner.answer, inner.reasons) == (Answer.DEPENDS, ("args.topic comes from before",))


async def test_retry_runs_the_child_again_and_logs_the_attempt(nesting: World) -> None:
    with_keys(nesting, ", on_error: {policy: retry, attempts: 2, base_ms: 1}")
    flaky = """
    from recorder import HERE
    if not (HERE / "ready").exists():
        (HERE / "ready").touch()
        raise ValueError("not ready")
    return {"state_delta": {"text": "ready"}}
"""
    child_tool(nesting, "polish", flaky)

    ended = await nesting.run()

    assert ended.final_state["text"] == "ready"
    assert nesting.executed() == ["before", "draft", "polish", "draft", "polish", "after"]
    attempts = [r.event for r in nesting.records(ended.run_id) if isinstance(r.event, NodeAttempt)]
    assert [(event.node_id, event.attempt, event.scope) for event in attempts] == [("inner", 1, ())]
    resumed = await nesting.resume(ended.run_id)
    assert nesting.executed() == []
    assert resumed.final_state == ended.final_state


async def test_timeout_ms_on_the_node_stops_what_runs_inside(nesting: World) -> None:
    with_keys(nesting, ", timeout_ms: 1000")
    child_tool(nesting, "draft", indent(HANGS, "    "))
    began = time.monotonic()

    ended = await nesting.run()

    assert time.monotonic() - began < 20
    errors = {
        record.event.node_id: record.event.error.message
        for record in nesting.records(ended.run_id)
        if isinstance(record.event, NodeFailed)
    }
    assert errors == {
        "inner": "inner took longer than its timeout_ms (1000) and was stopped. Raise it if that is normal."
    }
    assert ended.finished.reason == "failed at inner"
    assert "node.cancelled" in nesting.types(ended.run_id, of="draft")


async def test_cancelling_reaches_into_the_child(nesting: World) -> None:
    child_tool(nesting, "draft", indent(HANGS, "    "))
    run_id = new_run_id()

    def observe(record: Record) -> None:
        if isinstance(record.event, NodeStarted) and record.event.node_id == "draft":
            nesting.store.cancel(run_id).touch()

    ended = await carry_out(prepare_run(load(nesting.folder), {}), run_id, observe)

    assert ended.finished.status is RunStatus.CANCELLED
    assert nesting.types(run_id, of="draft") == ["node.started", "node.cancelled"]
    assert nesting.types(run_id, of="inner") == ["node.started", "node.cancelled"]


async def test_a_fan_out_of_children_restores_those_that_are_whole(world: World) -> None:
    world.graph(
        """
        - {id: each, kind: experience, impl: child, for_each: {source: $args.words, concurrency: 2},
           args: {word: $item}, writes: [found]}
        """,
        state="found: {type: array, merge: array_append}",
    )
    world.write(
        "child/experience.yaml",
        yaml_graph(
            "- {id: say, kind: tool, impl: say.py, args: {word: $args.word}, writes: [found]}",
            state="found: {type: array}",
        ),
    )
    child_tool(
        world,
        "say",
        """
    from recorder import HERE
    if input["word"] == "b" and not (HERE / "ready").exists():
        raise ValueError("not ready")
    return {"state_delta": {"found": [input["word"] * 2]}}
""",
    )
    failed = await world.run({"words": ["a", "b", "c"]})
    assert failed.finished.status is RunStatus.FAILURE
    assert failed.final_state["found"] == ["aa", "cc"]
    (world.folder / "ready").touch()
    world.executed()

    resumed = await world.resume(failed.run_id)

    assert world.executed() == ["say"]
    assert resumed.final_state["found"] == ["aa", "bb", "cc"]
    assert fold(world.records(resumed.run_id)).nodes["each"].counts == Counts(completed=1, cached=2)


async def test_an_experience_that_nests_itself_is_refused_with_the_path(nesting: World) -> None:
    nesting.write(
        "child/experience.yaml",
        yaml_graph("- {id: again, kind: experience, impl: ../experience.yaml}"),
    )

    with pytest.raises(
        InvalidExperienceError, match=r"OE307 The nested experiences form a cycle: .* → child.* → .*yaml"
    ):
        await nesting.run()


async def test_more_than_eight_experiences_deep_is_refused(world: World) -> None:
    for depth in range(11):
        nodes = f"- {{id: deeper, kind: experience, impl: e{depth + 1}.yaml}}"
        world.write("experience.yaml" if depth == 0 else f"e{depth}.yaml", yaml_graph(nodes))
    world.write("e11.yaml", yaml_graph("- {id: leaf, kind: tool, impl: a.py}"))

    with pytest.raises(InvalidExperienceError, match=r"OE307 Experiences are nested more than 8 levels deep"):
        await world.run()


async def test_a_child_with_errors_fails_its_node_and_no_other(nesting: World) -> None:
    nesting.write("child/experience.yaml", "name: child\n")

    ended = await nesting.run()

    assert ended.finished.status is RunStatus.FAILURE
    assert nesting.executed() == ["before"]
    error = fold(nesting.records(ended.run_id)).nodes["inner"].error
    assert error is not None
    assert "inner nests child/experience.yaml, which has 3 errors, the first: " in error.message
    assert "child/experience.yaml:1:1: error OE201" in error.message
    assert fold(nesting.records(ended.run_id)).nodes["after"].status.value == "skipped"


async def test_a_child_that_is_not_there_fails_its_node_and_no_other(nesting: World) -> None:
    (nesting.folder / "child/experience.yaml").unlink()

    ended = await nesting.run()

    assert ended.finished.status is RunStatus.FAILURE
    assert nesting.executed() == ["before"]
    error = fold(nesting.records(ended.run_id)).nodes["inner"].error
    assert error is not None
    assert "child/experience.yaml does not exist" in error.message


@pytest.mark.parametrize(
    "keys", ["", ", uses: [child], cache_key: one", ", state_scope: shared", ", on_error: {policy: retry, attempts: 2}"]
)
async def test_a_child_that_an_earlier_node_makes_runs_and_is_restored(nesting: World, keys: str) -> None:
    with_keys(nesting, keys)
    child = (nesting.folder / "child/experience.yaml").read_text()
    (nesting.folder / "child/experience.yaml").unlink()
    nesting.tool(
        "before",
        f"(__import__('pathlib').Path(__file__).parent / 'child/experience.yaml').write_text({child!r})\n"
        "return {'state_delta': {'topic': 'owls'}}",
    )

    ended = await nesting.run()
    assert ended.finished.status is RunStatus.SUCCESS
    assert nesting.executed() == ["before", "draft", "polish", "after"]
    resumed = await nesting.resume(ended.run_id)

    assert resumed.final_state == {"topic": "owls", "text": "On Owls", "end": "On Owls."}
    assert nesting.executed() == []


async def test_a_child_that_was_missing_runs_in_the_resume_once_it_is_there(nesting: World) -> None:
    child = (nesting.folder / "child/experience.yaml").read_text()
    (nesting.folder / "child/experience.yaml").unlink()
    failed = await nesting.run()
    missing = {entry.node_id: entry for entry in nesting.plan(failed.run_id).entries}
    nesting.executed()
    nesting.write("child/experience.yaml", child)

    resumed = await nesting.resume(failed.run_id)

    assert missing["before"].answer is Answer.RESTORED
    assert missing["inner"].answer is Answer.WILL_RUN
    assert "it is looked for when inner starts" in missing["inner"].reasons[0]
    assert resumed.finished.status is RunStatus.SUCCESS
    assert nesting.executed() == ["draft", "polish", "after"]


async def test_the_items_of_a_fan_out_all_run_in_the_child_that_was_made(world: World) -> None:
    world.graph(
        "- {id: make, kind: tool, impl: make.py}\n"
        "- {id: each, kind: experience, impl: child/experience.yaml, args: {word: $item}, writes: [found],"
        " for_each: {source: $args.words}}",
        "[{from: make, to: each}]",
        "found: {type: array, merge: array_append}",
    )
    child = yaml_graph(
        "- {id: say, kind: tool, impl: say.py, args: {word: $args.word}, writes: [found]}",
        state="found: {type: array}",
    )
    world.tool(
        "make",
        f"(__import__('pathlib').Path(__file__).parent / 'child/experience.yaml').write_text({child!r})\nreturn {{}}",
    )
    child_tool(world, "say", "    return {'state_delta': {'found': [input['word'] * 2]}}")

    ended = await world.run({"words": ["a", "b"]})

    assert ended.final_state["found"] == ["aa", "bb"]


async def test_a_shared_field_that_is_merged_in_two_ways_is_refused(nesting: World) -> None:
    with_keys(nesting, ", state_scope: shared")
    child = nesting.folder / "child/experience.yaml"
    child.write_text(child.read_text().replace("text: {type: string}", "text: {type: string, merge: set_once}"))

    with pytest.raises(InvalidExperienceError, match="OE407 Shared field `text` has `merge: last_wins`, but"):
        await nesting.run()
