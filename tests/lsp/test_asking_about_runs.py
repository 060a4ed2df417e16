"""The custom requests, and how the server starts and ends."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import from_fs_path

from tests.lsp.conftest import Weather
from tests.lsp.editor import Editor

UNKNOWN_RUN = "00000000-0000-4000-8000-000000000000"
SERVER = (sys.executable, "-m", "oe_lsp.server")


async def test_runs_are_listed_newest_first_with_their_outcomes(weather: Weather) -> None:
    failed = weather.oe("run")
    succeeded = weather.mend().oe("resume", failed)

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        newest, oldest = (await editor.ask("oe/runs", uri=uri)).runs

    assert (newest.runId, newest.status, newest.originalRunId) == (succeeded, "success", failed)
    assert (newest.counts.cached, newest.counts.completed, newest.total) == (1, 2, 3)
    assert (oldest.runId, oldest.status, oldest.failedAt) == (failed, "failure", "compare")
    assert oldest.logUri.endswith(f"/.openexpertise/runs/{failed}.jsonl")
    assert oldest.startedAt <= oldest.finishedAt <= newest.startedAt


async def test_the_state_of_a_run_has_each_node(weather: Weather) -> None:
    run_id = weather.oe("run")

    async with Editor(weather.folder) as editor:
        state = await editor.ask("oe/runState", uri=editor.open(), runId=run_id)

    assert [(node.nodeId, node.status) for node in state.nodes] == [
        ("measure", "completed"),
        ("compare", "failed"),
        ("report", "skipped"),
    ]
    assert "stations.txt" in state.nodes[1].error.message
    assert state.seq == len(weather.events(run_id)) - 1


async def test_a_run_can_be_inspected_as_text(weather: Weather) -> None:
    run_id = weather.oe("run")

    async with Editor(weather.folder) as editor:
        result = await editor.execute("oe.inspectRun", editor.open(), run_id)

    assert result["state"]["run"]["runId"] == run_id
    assert result["text"].startswith(f"weather · run {run_id} · failed at compare: ")


async def test_the_plan_says_what_a_resume_would_restore_and_why_the_rest_runs(weather: Weather) -> None:
    run_id = weather.oe("run")

    async with Editor(weather.folder) as editor:
        entries = (await editor.ask("oe/plan", uri=editor.open(), runId=run_id)).entries

    assert [(entry.nodeId, entry.answer) for entry in entries] == [
        ("measure", "restored"),
        ("compare", "will run"),
        ("report", "will run if its predecessors succeed"),
    ]
    assert entries[1].reasons[0].startswith("failed in the original run")
    assert weather.runs() == [run_id]


async def test_the_plan_is_for_the_text_in_the_editor_and_shows_the_differences(weather: Weather) -> None:
    run_id = weather.oe("run")

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        saved = await editor.ask("oe/plan", uri=uri, runId=run_id)
        text = (weather.folder / "experience.yaml").read_text(encoding="utf-8")
        editor.change(uri, text.replace("id: measure\n", "id: measure\n      cache_key: v2\n"))
        unsaved = await editor.ask("oe/plan", uri=uri, runId=run_id)

    assert saved.digest != unsaved.digest
    [change] = unsaved.entries[0].changes
    assert (change.part, change.text) == ("spec.cache_key", 'spec.cache_key: is now "v2"')


@pytest.mark.parametrize("method", ["oe/runState", "oe/plan"])
async def test_a_run_that_does_not_exist_is_answered_with_a_sentence(weather: Weather, method: str) -> None:
    async with Editor(weather.folder) as editor:
        with pytest.raises(JsonRpcException, match=UNKNOWN_RUN) as refusal:
            await editor.ask(method, uri=editor.open(), runId=UNKNOWN_RUN)
    assert "Traceback" not in str(refusal.value)


async def test_a_request_with_wrong_params_is_answered(weather: Weather) -> None:
    async with Editor(weather.folder) as editor:
        with pytest.raises(JsonRpcException, match="uri, runId"):
            await editor.ask("oe/runState", url="x")


async def test_the_number_of_lenses_is_a_setting_of_the_client(weather: Weather) -> None:
    weather.oe("run")
    editor = Editor(weather.folder)
    editor.set_configuration({"codeLens": {"runs": 0}}, section="oe")

    async with editor:
        uri = editor.open()
        await editor.until(lambda: editor.refreshes)

        assert [lens.command.title for lens in await editor.lenses(uri) if lens.command] == ["▶ Run"]


async def test_a_log_that_appears_on_disk_changes_the_lenses(weather: Weather, tmp_path: Path) -> None:
    run_id = weather.oe("run")
    moved = tmp_path / "elsewhere"
    weather.log(run_id).rename(moved)

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        await editor.until_lens(uri, "▶ Run")
        assert len(await editor.lenses(uri)) == 1

        moved.rename(weather.log(run_id))

        await editor.until_lens(uri, f"▶ Resume run {run_id[:8]}")


async def test_runs_in_a_folder_added_to_the_workspace_are_followed(weather: Weather, tmp_path: Path) -> None:
    weather.mend().hold()

    async with Editor(tmp_path / "elsewhere") as editor:
        folder = types.WorkspaceFolder(str(from_fs_path(str(weather.folder))), "added")
        added = types.WorkspaceFoldersChangeEvent(added=[folder], removed=[])
        editor.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(added))
        terminal = asyncio.create_task(asyncio.to_thread(weather.oe, "run"))
        await editor.until(lambda: editor.progress_reports)
        weather.release()
        await editor.until_event(await terminal, "run.finished")

        assert editor.events[0]["uri"] == f"{folder.uri}/experience.yaml"


def test_the_server_ends_when_its_client_is_gone() -> None:
    began = time.monotonic()

    ended = subprocess.run(SERVER, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)

    assert ended.returncode == 1
    assert ended.stdout == b""
    assert time.monotonic() - began < 10


async def test_a_server_exits_with_0_after_shutdown(tmp_path: Path) -> None:
    async with Editor(tmp_path) as editor:
        pass

    assert editor.exit_code == 0


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_are_answered_without_serving(option: str) -> None:
    answered = subprocess.run([*SERVER, option], capture_output=True, text=True, timeout=20, check=True)

    assert "oe-lsp" in answered.stdout
