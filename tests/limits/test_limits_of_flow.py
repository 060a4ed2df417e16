"""Limits 6 to 8 and 13 to 15: what runs, when, and what a failure takes with it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from engine.experience.load import load
from engine.log.events.events import NodeActivity, NodeFailed, Record, RunFinished, RunStatus
from engine.log.storage.cancel_file import request_cancel
from engine.runner.prepare import prepare_run
from engine.runner.session import carry_out, new_run_id
from tests.limits.conftest import Model, events, failure
from tests.standins.messages_api import text
from tests.standins.scripted_api import Answer
from tests.support.worlds import HANGS, World

NUMBERS = "numbers: {type: array, default: [1, 2, 3]}"


@pytest.mark.parametrize("concurrency", [1, 2, 16])
@pytest.mark.parametrize(("breaks", "status"), [(False, RunStatus.SUCCESS), (True, RunStatus.FAILURE)])
async def test_limit_06_concurrency_has_no_say_in_the_status(
    world: World, concurrency: int, breaks: bool, status: RunStatus
) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: ok.py}\n- {id: untaken, kind: tool, impl: ok.py}\n"
        f"- {{id: c, kind: tool, impl: {'broken' if breaks else 'ok'}.py}}",
        "[{from: a, to: untaken, when: $.no}]",
        "no: {type: boolean, default: false}",
    )
    world.tool("ok", "return {'edge_output': 1}")
    world.tool("broken", "raise ValueError('no')")

    assert (await world.run(concurrency=concurrency)).finished.status is status


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_limit_07_a_run_that_is_stopped_writes_its_end(world: World, concurrency: int) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py, on_error: {policy: fail_run}}\n- {id: b, kind: tool, impl: b.py}",
    )
    world.tool("a", "raise ValueError('no')")
    world.tool("b", HANGS)

    ended = await world.run(concurrency=concurrency)

    last = world.records(ended.run_id)[-1].event
    assert isinstance(last, RunFinished)
    assert (last.status, last.reason) == (RunStatus.FAILURE, "failed at a (on_error: fail_run)")
    assert world.types(ended.run_id, of="b")[-1] == "node.cancelled"


async def test_limit_07_a_condition_over_odd_values_warns_and_goes_on(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: a.py}",
        "[{from: a, to: b, when: '$.text > 3 || true'}]",
        "text: {type: string, default: many}",
    )
    world.tool("a", "return {'edge_output': 1}")

    ended = await world.run()

    assert ended.finished.status is RunStatus.SUCCESS
    assert "node.warning" in world.types(ended.run_id, of="b")


async def test_limit_08_a_join_can_survive_the_branch_that_was_not_taken(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py}\n- {id: left, kind: tool, impl: a.py}\n"
        "- {id: right, kind: tool, impl: a.py}\n- {id: end, kind: tool, impl: a.py, join: any}",
        "[{from: a, to: left, when: $.no}, {from: a, to: right}, {from: left, to: end}, {from: right, to: end}]",
        "no: {type: boolean, default: false}",
    )
    world.tool("a", "return {'edge_output': 1}")

    ended = await world.run()

    assert world.types(ended.run_id, of="left") == ["node.skipped"]
    assert world.types(ended.run_id, of="end") == ["node.started", "node.completed"]


async def test_limit_13_a_failed_item_can_be_tolerated_and_is_named(world: World) -> None:
    world.graph(
        "- {id: each, kind: tool, impl: each.py, writes: [found], "
        "for_each: {source: $.numbers, on_item_error: continue}}\n"
        "- {id: after, kind: tool, impl: after.py, reads: [found], writes: [sum]}",
        "[{from: each, to: after}]",
        f"{NUMBERS}\nfound: {{type: array, merge: array_append}}\nsum: {{type: number}}",
    )
    world.tool("each", "assert item != 2, 'two'\nreturn {'state_delta': {'found': [item]}}")
    world.tool("after", "return {'state_delta': {'sum': sum(state['found'])}}")

    ended = await world.run()

    assert (ended.finished.status, ended.final_state["sum"]) == (RunStatus.SUCCESS, 4)
    assert [event.scope[-1].item.index for event in events(world, ended.run_id, NodeFailed)] == [1]


@pytest.mark.parametrize(
    ("written", "words"), [("", "$.rows names nothing"), (", default: many", "$.rows is text, not a list")]
)
async def test_limit_14_a_source_that_is_no_list_fails_and_says_so(world: World, written: str, words: str) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py, for_each: {source: $.rows}}", state=f"rows: {{description: x{written}}}"
    )
    world.tool("a", "return {'edge_output': item}")

    ended = await world.run()

    assert ended.finished.status is RunStatus.FAILURE
    assert words in failure(world, ended.run_id)


async def test_limit_15_a_node_does_not_wait_for_a_slow_one_that_it_does_not_need(world: World) -> None:
    """`slow` ends only once `second`, two steps after `fast`, has begun: in waves it would wait for ever."""
    world.graph(
        "- {id: slow, kind: tool, impl: slow.py}\n- {id: fast, kind: tool, impl: fast.py}\n"
        "- {id: second, kind: tool, impl: second.py}",
        "[{from: fast, to: second}]",
    )
    world.tool("fast", "return {'edge_output': 1}")
    world.tool("second", "from recorder import HERE\n(HERE / 'begun').touch()\nreturn {'edge_output': 1}")
    world.tool(
        "slow",
        """
        import time
        from recorder import HERE
        until = time.monotonic() + 30
        while not (HERE / "begun").exists():
            assert time.monotonic() < until, "a barrier"
            time.sleep(0.01)
        return {"edge_output": 1}
        """,
    )

    assert (await world.run(concurrency=2)).finished.status is RunStatus.SUCCESS


class Crowd:
    """A model that answers once `wanted` calls wait for it, and counts how many there are at once."""

    def __init__(self, wanted: int) -> None:
        self.most = 0
        self._now = 0
        self._together = threading.Barrier(wanted, timeout=30)
        self._lock = threading.Lock()

    def __call__(self, request: dict[str, Any]) -> Answer:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._together.wait()
        answer = text("fine")(request)
        with self._lock:
            self._now -= 1
        return answer


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_limit_15_one_limit_bounds_all_fan_outs_together(world: World, model: Model, concurrency: int) -> None:
    """Each of them may do three at once; together they reach the limit, and never go beyond."""
    fan_out = "kind: agent, prompt: 'Hi {{$item}}', writes: [said], for_each: {source: $.numbers, concurrency: 3}"
    world.graph(
        f"- {{id: a, {fan_out}}}\n- {{id: b, {fan_out}}}",
        state="numbers: {type: array, default: [1, 2, 3, 4]}\nsaid: {}",
    )
    crowd = Crowd(concurrency)
    api = model(crowd)

    ended = await world.run(concurrency=concurrency)

    assert ended.finished.status is RunStatus.SUCCESS
    assert (crowd.most, len(api.requests)) == (concurrency, 8)


async def test_limit_15_calls_beyond_the_rate_limit_wait_and_say_so(world: World, model: Model) -> None:
    """The minute after which the second call may go is not waited for."""
    world.graph(
        "- {id: a, kind: agent, prompt: 'Hi {{$item}}', writes: [said], for_each: {source: $.numbers, concurrency: 3}}",
        state=f"{NUMBERS}\nsaid: {{}}",
    )
    with (world.folder / "experience.yaml").open("a") as file:
        file.write("runtime: {limits: {requests_per_minute: 1}}\n")
    api = model(text("fine"))
    said: list[str] = []
    all_wait, run_id = asyncio.Event(), new_run_id()

    def observe(record: Record) -> None:
        event = record.event
        said.extend([event.activity] if isinstance(event, NodeActivity) else [event.type])
        if said.count("waiting: runtime.limits allows 1 request a minute") == 2 and "node.completed" in said:
            all_wait.set()

    running = asyncio.create_task(carry_out(prepare_run(load(world.folder), {}), run_id, observe))
    await all_wait.wait()
    request_cancel(world.store, run_id)

    assert (await running).finished.status is RunStatus.CANCELLED
    assert len(api.requests) == 1
