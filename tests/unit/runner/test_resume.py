"""Resumes: restored and executed nodes (docs/design.md, Resume)."""

from __future__ import annotations

import os
import shutil

import pytest

from engine.log.events.events import NodeCached, NodeCompleted, RunStarted, RunStatus
from engine.log.storage.lock import RunLock
from engine.runner.prepare import RunRefusedError
from tests.support.worlds import World

BROKEN = "raise ValueError('not yet')"
MENDED = "return {'state_delta': {'y': state['x'] + 1}}"


async def test_a_mended_run_restores_what_completed_and_runs_the_rest(chain: World) -> None:
    chain.tool("b", BROKEN)
    failed = await chain.run()
    chain.tool("b", MENDED)
    chain.executed()

    resumed = await chain.resume(failed.run_id)

    assert resumed.finished.status is RunStatus.SUCCESS
    assert chain.restored(resumed.run_id) == ["a"]
    assert chain.executed() == ["b", "c"]
    assert resumed.final_state == {"x": 1, "y": 2, "z": 3}
    assert resumed.run_id != failed.run_id


async def test_the_original_log_keeps_its_bytes_and_its_time(chain: World) -> None:
    chain.tool("b", BROKEN)
    failed = await chain.run()
    log = chain.store.log(failed.run_id)
    os.utime(log, ns=(5, 5))
    before = log.read_bytes()

    await chain.resume(failed.run_id)

    assert log.read_bytes() == before
    assert log.stat().st_mtime_ns == 5


async def test_resuming_a_success_runs_nothing(chain: World) -> None:
    done = await chain.run()
    chain.executed()

    resumed = await chain.resume(done.run_id)

    assert chain.executed() == []
    assert chain.restored(resumed.run_id) == ["a", "b", "c"]
    assert resumed.final_state == done.final_state


async def test_the_log_of_a_resume_suffices_for_the_next_one(chain: World) -> None:
    chain.tool("b", BROKEN)
    first = await chain.run()
    second = await chain.resume(first.run_id)
    chain.store.log(first.run_id).unlink()
    chain.tool("b", MENDED)
    chain.executed()

    third = await chain.resume(second.run_id)

    assert chain.restored(third.run_id) == ["a"]
    assert chain.executed() == ["b", "c"]
    restored = next(record.event for record in chain.records(third.run_id) if isinstance(record.event, NodeCached))
    assert restored.produced_by.run_id == first.run_id


async def test_a_resume_that_was_stopped_while_it_restored_loses_nothing(chain: World) -> None:
    done = await chain.run()
    stopped = await chain.resume(done.run_id)
    log = chain.store.log(stopped.run_id)
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    chain.executed()

    await chain.resume(stopped.run_id)

    assert chain.executed() == []


async def test_args_and_starting_state_come_from_the_original(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py, args: {city: $args.city}, writes: [found]}",
        state="found: {type: array, merge: array_append, default: [zero]}",
    )
    world.tool("a", BROKEN)
    failed = await world.run({"city": "Oslo"})
    world.tool("a", "return {'state_delta': {'found': [input['city']]}}")

    resumed = await world.resume(failed.run_id)

    assert resumed.final_state == {"found": ["zero", "Oslo"]}
    started = world.records(resumed.run_id)[0].event
    assert isinstance(started, RunStarted)
    assert (started.args, started.original_run_id) == ({"city": "Oslo"}, failed.run_id)


async def test_restoring_applies_an_append_once(fan_out: World) -> None:
    done = await fan_out.run()
    resumed = await fan_out.resume(done.run_id)
    again = await fan_out.resume(resumed.run_id)

    assert again.final_state["found"] == [10, 20, 30, 40]
    assert again.final_state["sum"] == 100


async def test_an_edited_tool_runs_again_and_an_equal_result_stops_the_wave(chain: World) -> None:
    done = await chain.run()
    chain.tool("a", "return {'state_delta': {'x': 2 - 1}}")
    chain.executed()

    resumed = await chain.resume(done.run_id)

    assert chain.executed() == ["a"]
    assert chain.restored(resumed.run_id) == ["b", "c"]


async def test_a_changed_value_runs_what_reads_it(chain: World) -> None:
    done = await chain.run()
    chain.tool("a", "return {'state_delta': {'x': 5}}")
    chain.executed()

    resumed = await chain.resume(done.run_id)

    assert chain.executed() == ["a", "b", "c"]
    assert resumed.final_state == {"x": 5, "y": 6, "z": 7}


async def test_formatting_and_comments_invalidate_nothing(chain: World) -> None:
    done = await chain.run()
    path = chain.folder / "experience.yaml"
    text = path.read_text()
    path.write_text("# a comment\n" + text.replace("{id: a, kind: tool,", "{kind: tool,  id: a , phase: one,"))
    chain.executed()

    await chain.resume(done.run_id)

    assert chain.executed() == []


async def test_items_are_found_by_their_value_wherever_they_stand(fan_out: World) -> None:
    done = await fan_out.run()
    fan_out.write("items.txt", "9 1 2 3 4")
    fan_out.executed()

    resumed = await fan_out.resume(done.run_id)

    assert fan_out.executed() == ["list", "each:9", "total"]
    assert resumed.final_state["found"] == [90, 10, 20, 30, 40]


async def test_an_item_that_failed_for_an_outside_cause_is_the_only_one_to_run(fan_out: World) -> None:
    fan_out.tool(
        "each",
        """
        from recorder import HERE
        if item == 3 and not (HERE / "ready").exists():
            raise ValueError("not ready")
        return {"state_delta": {"found": [item * 10]}}
        """,
    )
    failed = await fan_out.run()
    (fan_out.folder / "ready").touch()
    fan_out.executed()

    resumed = await fan_out.resume(failed.run_id)

    assert fan_out.executed() == ["each:3", "total"]
    assert fan_out.restored(resumed.run_id) == ["list", "each", "each", "each"]
    assert resumed.final_state["found"] == [10, 20, 30, 40]


async def test_cache_false_always_runs(chain: World) -> None:
    text = (chain.folder / "experience.yaml").read_text()
    (chain.folder / "experience.yaml").write_text(text.replace("impl: b.py", "impl: b.py, cache: false"))
    done = await chain.run()
    chain.executed()

    await chain.resume(done.run_id)

    assert chain.executed() == ["b"]


async def test_a_file_that_changed_while_its_node_ran_makes_the_outcome_not_restorable(chain: World) -> None:
    chain.tool(
        "b",
        """
        from recorder import HERE
        with open(HERE / "b.py", "a") as file:
            file.write("# touched\\n")
        return {"state_delta": {"y": 2}}
        """,
    )

    done = await chain.run()

    completed = [
        record.event
        for record in chain.records(done.run_id)
        if isinstance(record.event, NodeCompleted) and record.event.node_id == "b"
    ]
    assert completed[0].restorable is False
    assert completed[0].restorable_reason == "impl b.py changed while it ran"


async def test_latest_is_the_run_that_began_last(chain: World) -> None:
    first = await chain.run()
    second = await chain.run()
    os.utime(chain.store.log(first.run_id))

    resumed = await chain.resume("latest")

    started = chain.records(resumed.run_id)[0].event
    assert isinstance(started, RunStarted)
    assert started.original_run_id == second.run_id


async def test_latest_does_not_pass_over_a_run_that_is_still_running(chain: World) -> None:
    first = await chain.run()
    second = await chain.run()
    log = chain.store.log(second.run_id)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    lock = RunLock(chain.store.lock(second.run_id), "now")
    try:
        with pytest.raises(RunRefusedError) as refused:
            await chain.resume("latest")
    finally:
        lock.release()
    assert f"the latest run, {second.run_id}, is still running" in str(refused.value)
    assert f"`oe resume {first.run_id[:8]}`" in str(refused.value)


async def test_a_run_that_is_still_running_is_not_resumed(chain: World) -> None:
    done = await chain.run()
    log = chain.store.log(done.run_id)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    lock = RunLock(chain.store.lock(done.run_id), "now")
    try:
        with pytest.raises(RunRefusedError, match=r"still running.*--force"):
            await chain.resume(done.run_id)
    finally:
        lock.release()


async def test_lineage_and_sums_lead_back_to_the_first_run(chain: World) -> None:
    first = await chain.run()
    second = await chain.resume(first.run_id)
    third = await chain.resume(second.run_id)

    started = chain.records(third.run_id)[0].event
    assert isinstance(started, RunStarted)
    assert started.lineage is not None
    assert (started.lineage.root_run_id, started.lineage.depth) == (first.run_id, 2)


async def test_the_experience_may_have_moved(chain: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    await chain.run()
    moved = World(tmp_path_factory.mktemp("elsewhere") / "copy")
    shutil.copytree(chain.folder, moved.folder, dirs_exist_ok=True)
    moved.executed()

    await moved.resume("latest")

    assert moved.executed() == []
