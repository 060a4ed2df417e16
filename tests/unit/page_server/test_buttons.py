"""What the buttons of a page ask for: plan, resume, cancel (engine/page_server/actions.py, plan.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.log.reading.reader import read_log
from engine.page_server.serve import PageServer
from tests.support.page_readers import PageReader
from tests.support.worlds import World
from tests.support.written_runs import WriteRun


@pytest.fixture
def world(tmp_path: Path) -> World:
    """a → b → c, of which b fails."""
    world = World(tmp_path)
    world.chain()
    world.tool("b", "raise ValueError('no <bread>')")
    return world


async def test_a_plan_is_shown_first_and_only_that_plan_is_carried_out(world: World, reader: PageReader) -> None:
    failed = (await world.run()).run_id
    world.tool("b", "return {'state_delta': {'y': 2}}")
    plan = (await reader.get(f"runs/{failed}/plan")).json()
    assert plan["answers"]["a"] == "restored"
    assert "will run" in plan["html"] and "no &lt;bread&gt;" in plan["html"]

    world.tool("a", "return {'state_delta': {'x': 5}}")
    changed = await reader.post(f"runs/{failed}/resume", {"expect": plan["digest"]})
    assert changed.status_code == 409
    assert "has changed" in changed.json()["html"] and changed.json()["answers"]["a"] == "will run"
    assert world.store.run_ids() == [failed]

    answer = (await reader.post(f"runs/{failed}/resume", {"expect": changed.json()["digest"]})).json()
    page = (await reader.get(f"runs/{answer['runId']}")).text
    async with reader.events(page, "0-0") as events:
        await events.until('class="badge success"', None)
    assert read_log(world.store.log(answer["runId"])).started.original_run_id == failed
    assert world.executed() == ["a", "b", "a", "b", "c"]


async def test_what_the_engine_refuses_is_told(world: World, reader: PageReader) -> None:
    failed = (await world.run()).run_id
    wrong = await reader.get(f"runs/{failed}/plan?from=no<b>ody")
    assert (wrong.status_code, "no<b>ody" in wrong.json()["message"]) == (409, True)

    (world.folder / "experience.yaml").write_text("name: [")
    answer = await reader.post(f"runs/{failed}/resume", {"rerun": "a"})
    assert (answer.status_code, "OE1" in answer.json()["message"]) == (409, True)
    assert world.store.run_ids() == [failed]


async def test_cancelling_twice_kills(write_run: WriteRun, local_reader: PageReader) -> None:
    run = write_run().begin("a")

    assert (await local_reader.post(f"runs/{run.run_id}/cancel")).status_code == 200
    assert "Kill what still runs" in (await local_reader.get(f"runs/{run.run_id}")).text
    await local_reader.post(f"runs/{run.run_id}/cancel")
    assert run.store.cancel(run.run_id).stat().st_size == 2

    run.die()
    refused = await local_reader.post(f"runs/{run.run_id}/cancel")
    assert refused.json()["message"] == f"Run {run.run_id[:8]} is not running."


async def test_where_code_may_not_run_there_are_no_buttons(
    write_run: WriteRun, reader: PageReader, server: PageServer
) -> None:
    run = write_run().begin("a")
    server.runs.allow(may_act=False)

    assert "data-action=" not in (await reader.get(f"runs/{run.run_id}")).text
    for refused in (
        await reader.get(f"runs/{run.run_id}/plan"),
        await reader.post(f"runs/{run.run_id}/resume"),
        await reader.post(f"runs/{run.run_id}/cancel"),
    ):
        assert (refused.status_code, "oe trust" in refused.json()["message"]) == (403, True)
    assert not run.store.cancel(run.run_id).exists()


@pytest.mark.parametrize("body", [b"[", b"[]", b'{"expect": "x"}', b'{"force": true}', b"{" * 100_000])
async def test_wrong_options_start_nothing(body: bytes, write_run: WriteRun, local_reader: PageReader) -> None:
    run = write_run().begin("a").die()
    headers = {"Origin": local_reader.origin, "Content-Type": "application/json"}

    url = f"{local_reader.url}runs/{run.run_id}/resume"
    answer = await local_reader.client.post(url, content=body, headers=headers)

    assert (answer.status_code, answer.json()["message"]) == (400, "Wrong options.")
