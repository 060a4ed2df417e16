"""Whole runs with real tools in real worker processes."""

from __future__ import annotations

import asyncio
import time

from engine.experience.load import load
from engine.log.events.events import NodeAttempt, NodeFailed, NodeStarted, Record, RunFinished, RunStatus, RunWarning
from engine.log.storage.cancel_file import request_cancel
from engine.log.storage.lock import is_held
from engine.runner.prepare import prepare_run
from engine.runner.session import carry_out, new_run_id
from tests.support.worlds import HANGS, World


async def test_a_chain_runs_and_its_log_has_every_event(chain: World) -> None:
    ended = await chain.run()

    assert ended.finished.status is RunStatus.SUCCESS
    assert ended.final_state == {"x": 1, "y": 2, "z": 3}
    assert chain.executed() == ["a", "b", "c"]
    assert chain.types(ended.run_id) == [
        "run.started",
        *["node.started", "node.completed"] * 3,
        "run.finished",
    ]


async def test_the_log_holds_what_a_resume_needs(chain: World) -> None:
    ended = await chain.run({"city": "Oslo"})

    started = chain.records(ended.run_id)[0].event
    assert started.args == {"city": "Oslo"}  # type: ignore[union-attr]
    assert started.nodes == ("a", "b", "c")  # type: ignore[union-attr]
    assert set(started.files) == {"a.py", "b.py", "c.py", "recorder.py"}  # type: ignore[union-attr]


async def test_a_run_leaves_no_lock_behind(chain: World) -> None:
    ended = await chain.run()

    assert not is_held(chain.store.lock(ended.run_id))
    assert [path.suffix for path in chain.store.runs.iterdir()] == [".jsonl"]


async def test_run_args_reach_tools(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py, args: {city: $args.city}, writes: [got]}", state="got: {type: array}"
    )
    world.tool("a", "return {'state_delta': {'got': [input['city'], input['_args']['city']]}}")

    ended = await world.run({"city": "Oslo"})

    assert ended.final_state == {"got": ["Oslo", "Oslo"]}


async def test_a_fresh_run_never_restores(chain: World) -> None:
    await chain.run()
    ended = await chain.run()

    assert chain.restored(ended.run_id) == []
    assert chain.executed() == ["a", "b", "c"] * 2


async def test_independent_nodes_run_at_the_same_time(world: World) -> None:
    """Each waits until the other has begun: in sequence they would wait for ever."""
    world.graph("- {id: a, kind: tool, impl: meet.py}\n- {id: b, kind: tool, impl: meet.py}")
    world.tool(
        "meet",
        """
        import os, time
        from recorder import HERE
        (HERE / f"here-{os.getpid()}").touch()
        until = time.monotonic() + 20
        while len(list(HERE.glob("here-*"))) < 2:
            assert time.monotonic() < until, "alone"
            time.sleep(0.01)
        return {"edge_output": 1}
        """,
    )

    ended = await world.run(concurrency=2)

    assert ended.finished.status is RunStatus.SUCCESS


async def test_concurrency_one_runs_one_by_one(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: alone.py}\n- {id: b, kind: tool, impl: alone.py}")
    world.tool(
        "alone",
        """
        import time
        from recorder import HERE
        (HERE / "busy").mkdir()
        time.sleep(0.05)
        (HERE / "busy").rmdir()
        return {"edge_output": 1}
        """,
    )

    assert (await world.run(concurrency=1)).finished.status is RunStatus.SUCCESS


async def test_a_wrong_type_fails_the_node_and_says_what_came(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [x]}", state="x: {type: number}")
    world.tool("a", "return {'state_delta': {'x': 'seven'}}")

    ended = await world.run()

    failed = next(record.event for record in world.records(ended.run_id) if isinstance(record.event, NodeFailed))
    assert failed.error.message == "a wrote to 'x' seven, which is not of type number"


async def test_an_undeclared_field_fails_the_node(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}", state="x: {type: number}")
    world.tool("a", "return {'state_delta': {'nope': 1}}")

    ended = await world.run()

    failed = next(record.event for record in world.records(ended.run_id) if isinstance(record.event, NodeFailed))
    assert "'nope', which state.schema does not declare (declared: x)" in failed.error.message


async def test_a_retry_is_logged_and_then_succeeds(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, on_error: {policy: retry, attempts: 3, base_ms: 1}}", state="x: {}")
    world.tool(
        "a",
        """
        from recorder import HERE
        marks = len(list(HERE.glob("tried-*")))
        (HERE / f"tried-{marks}").touch()
        if marks < 2:
            raise ValueError(f"try {marks}")
        return {"edge_output": marks}
        """,
    )

    ended = await world.run()

    attempts = [record.event for record in world.records(ended.run_id) if isinstance(record.event, NodeAttempt)]
    assert [(attempt.attempt, attempt.level) for attempt in attempts] == [(1, "node"), (2, "node")]
    assert ended.finished.status is RunStatus.SUCCESS


async def test_a_node_that_hangs_is_stopped_at_its_timeout(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, timeout_ms: 300}\n- {id: b, kind: tool, impl: b.py}")
    world.tool("a", HANGS)
    world.tool("b", "return {'edge_output': 1}")

    began = time.monotonic()
    ended = await world.run()

    assert time.monotonic() - began < 30
    failed = next(record.event for record in world.records(ended.run_id) if isinstance(record.event, NodeFailed))
    assert failed.error.type == "timeout"
    assert "timeout_ms (300)" in failed.error.message


async def test_cancelling_by_file_ends_the_run_and_what_it_started(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: a.py}", "[{from: a, to: b}]")
    world.tool("a", HANGS)
    began = asyncio.Event()
    run_id = new_run_id()

    def observe(record: Record) -> None:
        if isinstance(record.event, NodeStarted):
            began.set()

    running = asyncio.create_task(carry_out(prepare_run(load(world.folder), {}), run_id, observe))
    await began.wait()
    assert request_cancel(world.store, run_id)
    ended = await running

    assert (ended.finished.status, ended.finished.reason) == (RunStatus.CANCELLED, "cancelled by `oe cancel`")
    assert world.types(run_id) == [
        "run.started",
        "node.started",
        "run.warning",
        "node.cancelled",
        "node.cancelled",
        "run.finished",
    ]
    assert ended.finished.counts.cancelled == 2
    assert not world.store.cancel(run_id).exists()


async def test_a_run_that_is_cancelled_says_what_it_waits_for_and_how_to_hurry_it(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", HANGS)
    began = asyncio.Event()
    said: list[str] = []

    def observe(record: Record) -> None:
        if isinstance(record.event, NodeStarted):
            began.set()
        if isinstance(record.event, RunWarning):
            said.append(record.event.message)

    run_id = new_run_id()
    running = asyncio.create_task(carry_out(prepare_run(load(world.folder), {}), run_id, observe))
    await began.wait()
    assert request_cancel(world.store, run_id)
    await running

    assert said == ["cancelled by `oe cancel`; stopping a (ask again to end at once)"]


async def test_counts_and_sums_stand_in_the_last_line(chain: World) -> None:
    chain.tool("b", "raise ValueError('no')")

    ended = await chain.run()

    last = chain.records(ended.run_id)[-1].event
    assert isinstance(last, RunFinished)
    assert (last.counts.completed, last.counts.failed, last.counts.skipped) == (1, 1, 1)
    assert last.reason == "failed at b"
