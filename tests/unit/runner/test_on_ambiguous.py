"""Nodes that the original run started without logging their end (docs/design.md, Resume)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.cache.decisions.decision import Answer
from engine.experience.load import load
from engine.log.events.events import NodeCancelled, NodeCompleted, NodeFailed, NodeStarted, RunStatus
from engine.runner.prepare import prepare_resume
from engine.runner.session import carry_out, new_run_id
from tests.support.worlds import World

STATE = "x: {type: number}\ny: {type: number}\nz: {type: number}\nitems: {type: array, default: [1, 2, 3]}"


@pytest.fixture
def pay(world: World) -> Callable[[str], World]:
    """before → pay → after, and aside on its own; pay says `extra`."""

    def make(extra: str) -> World:
        world.graph(
            f"""
            - {{id: before, kind: tool, impl: before.py, writes: [x]}}
            - {{id: pay, kind: tool, impl: pay.py, reads: [x], writes: [y]{extra}}}
            - {{id: after, kind: tool, impl: after.py, reads: [y], writes: [z]}}
            - {{id: aside, kind: tool, impl: aside.py}}
            """,
            "[{from: before, to: pay}, {from: pay, to: after}]",
            STATE,
        )
        world.tool("before", "return {'state_delta': {'x': 1}}")
        world.tool("pay", "return {'state_delta': {'y': 2}}")
        world.tool("after", "return {'state_delta': {'z': 3}}")
        world.tool("aside", "return {'edge_output': 4}")
        return world

    return make


async def stopped_in_the_middle(world: World, of: str = "pay") -> str:
    """A run whose log ends right after the start of `of`, as if it had been killed there; only `before` completed."""
    done = await world.run()
    log = world.store.log(done.run_id)
    lines = log.read_bytes().splitlines(keepends=True)
    kept = []
    for line, record in zip(lines, world.records(done.run_id), strict=True):
        event = record.event
        if isinstance(event, NodeCompleted) and event.node_id not in ("before",):
            continue
        kept.append(line)
        if isinstance(event, NodeStarted) and event.node_id == of and event.attempt_id is not None:
            break
    log.write_bytes(b"".join(kept))
    world.executed()
    return done.run_id


def reasons(world: World, run_id: str, node_id: str = "pay") -> tuple[Answer, tuple[str, ...]]:
    entry = next(entry for entry in world.plan(run_id).entries if entry.node_id == node_id)
    return entry.answer, tuple(map(str, entry.reasons))


async def test_by_default_it_runs_again_and_the_plan_says_so(pay: Callable[[str], World]) -> None:
    world = pay("")
    run_id = await stopped_in_the_middle(world)

    assert reasons(world, run_id) == (Answer.WILL_RUN, (f"started but not ended in run {run_id[:8]}",))

    resumed = await world.resume(run_id)

    assert resumed.finished.status is RunStatus.SUCCESS
    assert sorted(world.executed()) == ["after", "aside", "pay"]


async def test_where_it_has_effects_the_plan_warns_of_them(pay: Callable[[str], World]) -> None:
    world = pay(", effects: external")
    run_id = await stopped_in_the_middle(world)

    told = f"started but not ended in run {run_id[:8]}; what it does may be done already"
    assert reasons(world, run_id) == (Answer.WILL_RUN, (told,))


async def test_fail_fails_it_and_the_rest_goes_on(pay: Callable[[str], World]) -> None:
    world = pay(", on_ambiguous: fail")
    run_id = await stopped_in_the_middle(world)

    resumed = await world.resume(run_id)

    assert resumed.finished.status is RunStatus.FAILURE
    assert world.executed() == ["aside"]
    failed = next(record.event for record in world.records(resumed.run_id) if isinstance(record.event, NodeFailed))
    assert (failed.node_id, failed.error.type, failed.started_in) == ("pay", "Ambiguous", run_id)
    assert "Check whether it did its work" in failed.error.message


async def test_ask_lets_the_rest_go_on_and_then_the_run_waits(pay: Callable[[str], World]) -> None:
    world = pay(", on_ambiguous: ask")
    run_id = await stopped_in_the_middle(world)

    answer, told = reasons(world, run_id)
    assert (answer, told[0]) == (Answer.DEPENDS, f"started but not ended in run {run_id[:8]}; on_ambiguous: ask")

    resumed = await world.resume(run_id)

    assert resumed.finished.status is RunStatus.WAITING
    assert resumed.finished.reason == "someone must say whether pay may run again"
    assert world.executed() == ["aside"]
    cancelled = {
        record.event.node_id: record.event
        for record in world.records(resumed.run_id)
        if isinstance(record.event, NodeCancelled)
    }
    assert cancelled["pay"].started_in == run_id
    assert cancelled["after"].started_in is None


async def test_a_failure_elsewhere_counts_for_more_than_waiting(pay: Callable[[str], World]) -> None:
    world = pay(", on_ambiguous: ask")
    run_id = await stopped_in_the_middle(world)
    world.tool("aside", "raise ValueError('no')")

    resumed = await world.resume(run_id)

    assert (resumed.finished.status, resumed.finished.reason) == (RunStatus.FAILURE, "failed at aside")


@pytest.mark.parametrize("rule", ["fail", "ask"])
async def test_what_is_not_known_stays_so_until_someone_decides(pay: Callable[[str], World], rule: str) -> None:
    world = pay(f", on_ambiguous: {rule}")
    first = await stopped_in_the_middle(world)
    second = await world.resume(first)
    world.store.log(first).unlink()
    world.executed()

    third = await world.resume(second.run_id)

    assert third.finished.status is not RunStatus.SUCCESS
    assert world.executed() == []

    path = world.folder / "experience.yaml"
    path.write_text(path.read_text().replace(f"on_ambiguous: {rule}", "on_ambiguous: rerun"))

    fourth = await world.resume(third.run_id)

    assert fourth.finished.status is RunStatus.SUCCESS
    assert world.executed() == ["pay", "after"]


async def test_whoever_was_asked_and_agreed_lets_it_run(pay: Callable[[str], World]) -> None:
    world = pay(", on_ambiguous: ask")
    run_id = await stopped_in_the_middle(world)
    preparation = replace(prepare_resume(load(world.folder), run_id), may_rerun=frozenset({"pay"}))

    resumed = await carry_out(preparation, new_run_id(), lambda _: None)

    assert resumed.finished.status is RunStatus.SUCCESS
    assert sorted(world.executed()) == ["after", "aside", "pay"]


async def test_a_resume_that_never_got_there_does_not_hide_it(pay: Callable[[str], World]) -> None:
    world = pay(", on_ambiguous: fail")
    first = await stopped_in_the_middle(world)
    second = await world.resume(first)
    log = world.store.log(second.run_id)
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    world.executed()

    third = await world.resume(second.run_id)

    assert third.finished.status is RunStatus.FAILURE
    assert "pay" not in world.executed()


async def test_what_was_started_and_ended_in_a_later_run_is_known(pay: Callable[[str], World]) -> None:
    world = pay("")
    first = await stopped_in_the_middle(world)
    second = await world.resume(first)
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text().replace("writes: [y]", "writes: [y], cache: false, on_ambiguous: fail"))
    world.executed()

    third = await world.resume(second.run_id)

    assert third.finished.status is RunStatus.SUCCESS
    assert world.executed() == ["pay"]


async def test_cache_false_runs_nothing_that_is_in_doubt(pay: Callable[[str], World]) -> None:
    world = pay(", cache: false, on_ambiguous: fail")
    run_id = await stopped_in_the_middle(world)

    await world.resume(run_id)

    assert "pay" not in world.executed()


async def test_of_a_fan_out_only_the_item_in_doubt_waits(world: World) -> None:
    world.graph("- {id: each, kind: tool, impl: each.py, on_ambiguous: ask, for_each: {source: $.items}}", state=STATE)
    world.tool("each", "return {'edge_output': item}")
    done = await world.run()
    log = world.store.log(done.run_id)
    lines = log.read_bytes().splitlines(keepends=True)
    started = [
        number
        for number, record in enumerate(world.records(done.run_id))
        if isinstance(record.event, NodeStarted) and record.event.attempt_id is not None
    ]
    log.write_bytes(b"".join(lines[: started[1] + 1]))
    world.executed()

    resumed = await world.resume(done.run_id)

    assert resumed.finished.status is RunStatus.WAITING
    assert world.executed() == ["each:3"]
    assert world.restored(resumed.run_id) == ["each"]


async def test_an_answer_is_not_waited_for_while_a_nested_experience_will_try_again(
    world: World, tmp_path: Path
) -> None:
    world.graph(
        """
        - {id: pay, kind: tool, impl: pay.py, on_ambiguous: ask}
        - {id: child, kind: experience, impl: child/experience.yaml,
           on_error: {policy: retry, attempts: 2, base_ms: 200}}
        """
    )
    world.tool("pay", "return {}")
    child = World(tmp_path / "child")
    child.graph("- {id: flaky, kind: tool, impl: flaky.py}")
    child.tool(
        "flaky", "from recorder import HERE\nassert (HERE / 'tried').exists() or (HERE / 'tried').touch()\nreturn {}"
    )
    run_id = await stopped_in_the_middle(world)
    (tmp_path / "child" / "tried").unlink(missing_ok=True)

    resumed = await world.resume(run_id)

    assert resumed.finished.status is RunStatus.WAITING
    assert child.executed()[-2:] == ["flaky", "flaky"]
