"""What a view of runs needs: live changes, the parts of a node, deleting and pinning."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import Weather
from tests.lsp.editor import Editor, plain
from tests.support.page_readers import PageReader


def watching(weather: Weather) -> tuple[Editor, list[dict[str, Any]]]:
    """An editor that is notified of changed runs, and the notifications."""
    editor = Editor(weather.folder, options={"runsChanged": True})
    changes: list[dict[str, Any]] = []

    @editor.feature("oe/runsChanged")
    def changed(params: Any) -> None:
        changes.append(plain(params))

    return editor, changes


async def test_a_view_of_runs_is_live_without_asking_all_the_time(weather: Weather) -> None:
    weather.mend().hold()
    editor, changes = watching(weather)

    async with editor:
        terminal = asyncio.create_task(asyncio.to_thread(weather.oe, "run"))
        await editor.until(
            lambda: any(run["counts"]["completed"] == 1 for change in changes for run in change["running"])
        )
        weather.release()
        run_id = await terminal
        await editor.until(lambda: changes[-1]["running"] == [])
        uri = weather.file.as_uri()
        listed = await editor.ask("oe/runs", uri=uri, limit=1)

    assert {change["uri"] for change in changes} == {uri}
    [run] = next(change["running"] for change in changes if change["running"])
    assert (run["runId"], run["status"], run["name"], run["total"]) == (run_id, "running", "weather", 3)
    assert run["spent"] == {"costUsd": 0.0, "tokensIn": 0, "tokensOut": 0}
    assert (listed.runs[0].runId, listed.hasMore) == (run_id, False)


async def test_a_run_is_pinned_and_deleted_once_the_editor_has_asked(weather: Weather) -> None:
    failed = weather.oe("run")
    resumed = weather.oe("resume", failed)
    editor, changes = watching(weather)

    async with editor:
        uri = editor.open()
        await editor.execute("oe.pinRun", uri, failed, True)
        await editor.until(lambda: changes)
        assert [run.pinned for run in (await editor.ask("oe/runs", uri=uri)).runs] == [False, True]
        dry = await editor.execute("oe.deleteRun", uri, failed, {"dryRun": True})
        with pytest.raises(JsonRpcException, match="is pinned"):
            await editor.execute("oe.deleteRun", uri, failed)
        await editor.execute("oe.pinRun", uri, failed, False)
        with pytest.raises(JsonRpcException, match=f"needed to resume run {resumed[:8]}"):
            await editor.execute("oe.deleteRun", uri, failed)
        assert sorted(weather.runs()) == sorted([failed, resumed])
        done = await editor.execute("oe.deleteRun", uri, failed, {"force": True})

    assert (dry["deleted"], dry["pinned"], dry["running"]) == (False, True, False)
    assert done["deleted"]
    assert done["neededBy"] == resumed
    assert done["bytes"] > 0
    assert weather.runs() == [resumed]


@pytest.mark.parametrize("command", ["oe.deleteRun", "oe.pinRun"])
async def test_nothing_is_deleted_or_pinned_that_was_not_named(weather: Weather, command: str) -> None:
    run_id = weather.oe("run")

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        for arguments in ([], [uri], [uri, "latest"], [uri, "../../x", True]):
            with pytest.raises(JsonRpcException):
                await editor.execute(command, *arguments)

    assert [path.name for path in weather.log(run_id).parent.iterdir()] == [f"{run_id}.jsonl"]


async def test_the_parts_of_a_plain_node_are_none_and_wrong_params_are_refused(weather: Weather) -> None:
    run_id = weather.oe("run")

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        parts = await editor.ask("oe/runItems", uri=uri, runId=run_id, nodeId="measure", limit=5)
        with pytest.raises(JsonRpcException, match="limit must be a whole number"):
            await editor.ask("oe/runItems", uri=uri, runId=run_id, nodeId="measure", limit="all")

    assert (parts.total, parts.items) == (0, [])


async def test_two_runs_are_compared_on_a_page_and_node_by_node_in_the_editor(weather: Weather) -> None:
    failed = weather.oe("run")
    resumed = weather.mend().oe("resume", failed)

    async with Editor(weather.folder, options={"embedsPages": True, "virtualDocuments": True}) as editor:
        uri = editor.open()
        url = (await editor.execute("oe.compareRuns", uri, failed, resumed))["url"]
        reader = PageReader(url)
        page = await reader.get()
        await reader.close()
        documents = await editor.execute("oe.compareNode", uri, failed, resumed, "compare")
        texts = [(await editor.ask("oe/document", uri=documents[side])).text for side in ("left", "right")]
        with pytest.raises(JsonRpcException, match="neither run has nothing"):
            await editor.execute("oe.compareNode", uri, failed, resumed, "nothing")

    assert page.status_code == 200
    assert f"compare/{failed}...{resumed}" in url
    assert "Two runs of weather" in page.text
    assert "stations.txt" in texts[0]
    assert "Bern" in texts[1]
