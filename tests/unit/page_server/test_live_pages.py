"""A served page follows its log, and loses nothing (engine/page_server/live_run.py, served_runs.py)."""

from __future__ import annotations

from pathlib import Path

from engine.log.events.events import NodeStarted, RunStatus
from engine.log.storage.run_store import RunStore
from engine.page_server.editor import EditorMessage, show
from engine.page_server.serve import PageServer
from tests.support.experiences import yaml_graph
from tests.support.page_readers import PageReader
from tests.support.written_logs import COMPLETED, STARTED, SUCCESS, write_log
from tests.support.written_runs import WriteRun


async def test_what_is_written_to_the_log_reaches_the_page(write_run: WriteRun, reader: PageReader) -> None:
    run = write_run().begin("fetch", "review")
    page = (await reader.get(f"runs/{run.run_id}")).text
    assert "city-report" in page and "running" in page

    async with reader.events(page) as events:
        run.write(NodeStarted(node_id="fetch", attempt_id="a")).complete("fetch")
        await events.until("completed", "node-1")

        run.fail("review", "no such <file>").finish(RunStatus.FAILURE)
        await events.until("failure", "head")

    assert "no such &lt;file&gt;" in events.elements["failure"]
    assert 'data-action="resume"' in events.elements["actions"]


async def test_two_runs_are_compared_on_a_page(write_run: WriteRun, reader: PageReader) -> None:
    left = write_run().begin("a").fail("a", "no bread").finish(RunStatus.FAILURE)
    right = write_run().begin("a").complete("a").finish(RunStatus.SUCCESS)

    page = (await reader.get(f"compare/{left.run_id}/{right.run_id}")).text

    assert "failed → completed" in page
    assert "no bread" in page
    assert "<script>" not in page and " style=" not in page
    for wrong in (f"compare/{left.run_id}/{'0' * 8}-0000-4000-8000-{'0' * 12}", f"compare/..%2f/{right.run_id}"):
        assert (await reader.get(wrong)).status_code == 404


async def test_a_reader_who_was_away_gets_what_it_missed_and_no_more(write_run: WriteRun, reader: PageReader) -> None:
    run = write_run().begin("a", "b")
    page = (await reader.get(f"runs/{run.run_id}")).text
    async with reader.events(page) as events:
        run.complete("a")
        await events.until("completed", "node-1")
        seen = events.position

    run.complete("b").finish(RunStatus.SUCCESS)

    async with reader.events(page, seen) as events:
        await events.until("success", "head")
    assert "node-2" in events.elements
    assert "node-1" not in events.elements


async def test_a_newer_run_is_offered_and_the_page_of_the_newest_goes_on_to_it(
    write_run: WriteRun, reader: PageReader
) -> None:
    empty = await reader.get()
    assert "No runs yet" in empty.text

    async with reader.events(empty.text) as events:
        first = write_run().begin("a").finish(RunStatus.SUCCESS)
        assert f"runs/{first.run_id}?latest" in await events.until(first.run_id, "newest")

    page = await reader.get()
    assert page.url.path.endswith(f"/runs/{first.run_id}") and 'data-follows="latest"' in page.text
    async with reader.events(page.text) as events:
        second = write_run().begin("a")
        assert f"runs/{second.run_id}?latest" in await events.until(second.run_id, "newest")
        assert second.run_id[:8] in await events.until(second.run_id[:8], "runs")


async def test_a_log_that_is_deleted_and_comes_back_is_shown_with_a_note(tmp_path: Path, reader: PageReader) -> None:
    store = RunStore(tmp_path)
    run_id = write_log(store, STARTED, COMPLETED, SUCCESS)
    log = store.log(run_id)
    text = log.read_bytes()
    page = (await reader.get(f"runs/{run_id}")).text

    async with reader.events(page) as events:
        log.unlink()
        await events.until("was deleted", "notice")

        log.with_suffix(".new").write_bytes(text.splitlines(keepends=True)[0])
        log.with_suffix(".new").rename(log)
        await events.until("replaced", "notice")
        assert "interrupted" in events.elements["page"]


async def test_a_run_that_is_not_there_is_told_with_the_list_of_those_that_are(
    write_run: WriteRun, reader: PageReader
) -> None:
    run = write_run().begin("a")
    run.complete("a")
    while run.run_id not in (page := await reader.get("runs/00000000-0000-4000-8000-000000000000")).text:
        await reader.get(f"runs/{run.run_id}")

    assert page.status_code == 404
    assert "Run 00000000 was not found" in page.text


async def test_a_log_that_cannot_be_read_says_why(tmp_path: Path, reader: PageReader) -> None:
    run_id = write_log(RunStore(tmp_path), COMPLETED)

    page = await reader.get(f"runs/{run_id}")

    assert page.status_code == 200
    assert "does not begin with a readable run.started line" in page.text


async def test_the_graph_follows_a_text_as_it_is_typed(
    write_run: WriteRun, reader: PageReader, server: PageServer
) -> None:
    run = write_run().begin("a").complete("a").finish(RunStatus.SUCCESS)
    page = (await reader.get(f"runs/{run.run_id}")).text
    text = yaml_graph("- {id: a, kind: tool, impl: a.py}\n- {id: brand_new, kind: tool, impl: a.py}")

    async with reader.events(page) as events:
        await show(EditorMessage(text=text), server.runs)
        await events.until("brand_new", "graph")
        await events.until("not the one that ran", "notice")

        await show(EditorMessage(text=f"{text}\nnodes: ["), server.runs)
        await events.until("has errors", "notice")

        await show(EditorMessage(select="a"), server.runs)
        while events.selected != "a":
            await events.next()
