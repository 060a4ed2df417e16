"""`on_item_error: continue`: some items may fail, but not all of them (docs/format.md, Fan-out)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.cache.decisions.decision import Answer
from engine.log.events.events import NodeFailed, RunStatus
from engine.scheduler import fanout
from engine.scheduler.state.results import Result
from tests.support.worlds import World

EACH_FAILS = "raise ValueError(f'no {item}')"
EACH_WORKS = "return {'state_delta': {'found': [item * 10]}}"


@pytest.fixture
def tolerant(fan_out: World) -> World:
    """list → each (for every item, some of which may fail) → total."""
    text = (fan_out.folder / "experience.yaml").read_text()
    fan_out.write("experience.yaml", text.replace("concurrency: 2", "concurrency: 2, on_item_error: continue"))
    fan_out.write("items.txt", "1 2")
    fan_out.tool("each", EACH_FAILS)
    fan_out.tool("total", "return {'state_delta': {'sum': sum(state.get('found', []))}}")
    return fan_out


@pytest.fixture
def as_before(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The engine as it was before: a fan-out that tolerates failures completed without a single item, too."""
    judge = fanout.fan_out_result

    def fan_out_result(results: Mapping[int, Result], for_each: Any, size: int, merges: Any) -> Result:
        return judge(results, for_each, size + 1, merges)

    monkeypatch.setattr(fanout, "fan_out_result", fan_out_result)
    return monkeypatch


async def test_a_fan_out_of_which_every_item_failed_fails_with_their_number_and_the_first_error(
    tolerant: World,
) -> None:
    ended = await tolerant.run()

    events = [record.event for record in tolerant.records(ended.run_id)]
    (whole,) = [event for event in events if isinstance(event, NodeFailed) and not event.scope]
    assert whole.error.message.startswith("2 of 2 items failed; item 0: ValueError: no 1")
    assert ended.finished.status is RunStatus.FAILURE
    assert "total" not in tolerant.executed()


async def test_a_run_in_which_all_items_failed_and_that_succeeded_is_resumed_as_a_fresh_run_would_go(
    tolerant: World, as_before: pytest.MonkeyPatch
) -> None:
    old = await tolerant.run()
    assert old.finished.status is RunStatus.SUCCESS
    as_before.undo()
    tolerant.executed()

    resumed = await tolerant.resume(old.run_id)

    assert sorted(tolerant.executed()) == ["each:1", "each:2"]
    assert resumed.finished.status is RunStatus.FAILURE
    assert tolerant.types(resumed.run_id, of="total") == ["node.skipped"]
    assert "sum" not in resumed.final_state


async def test_once_its_items_are_mended_such_a_run_is_made_up_for(
    tolerant: World, as_before: pytest.MonkeyPatch
) -> None:
    old = await tolerant.run()
    as_before.undo()
    tolerant.tool("each", EACH_WORKS)
    tolerant.executed()

    resumed = await tolerant.resume(old.run_id)

    assert sorted(tolerant.executed()) == ["each:1", "each:2", "total"]
    assert (resumed.finished.status, resumed.final_state["sum"]) == (RunStatus.SUCCESS, 30)


async def test_the_plan_of_resuming_such_a_run_promises_nothing_that_comes_after_it(
    tolerant: World, as_before: pytest.MonkeyPatch
) -> None:
    old = await tolerant.run()
    as_before.undo()

    entries = {entry.node_id: entry for entry in tolerant.plan(old.run_id).entries}

    assert [item.answer for item in entries["each"].items] == [Answer.WILL_RUN] * 2
    assert entries["total"].answer in (Answer.DEPENDS, Answer.IF_PREDECESSORS_SUCCEED)


async def test_a_loop_ends_with_a_body_of_which_every_item_failed(tolerant: World) -> None:
    text = (tolerant.folder / "experience.yaml").read_text()
    tolerant.write("experience.yaml", f"{text.rstrip()}\n  loops: [{{id: again, body: each, max_iters: 3}}]\n")

    ended = await tolerant.run()

    assert sorted(tolerant.executed()) == ["each:1", "each:2", "list"]
    assert ended.finished.status is RunStatus.FAILURE
    assert ended.finished.error is not None
    assert ended.finished.error.message.startswith("iteration 0: 2 of 2 items failed; item 0: ")
