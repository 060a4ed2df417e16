"""Runs from the click on a lens to their end, with a real server and a real engine."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities

from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import Editor

UNKNOWN_RUN = "00000000-0000-4000-8000-000000000000"


async def test_the_resume_lens_restores_what_completed_and_runs_the_rest(weather: Weather) -> None:
    # Given a run that failed in a terminal, and whose cause is mended
    failed = weather.oe("run")
    before = weather.log(failed).read_bytes(), weather.log(failed).stat().st_mtime_ns
    weather.mend()

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        lens = await editor.lens(uri, f"▶ Resume run {failed[:8]} · failed at compare · ")

        # When the lens's own command is executed
        run_id = (await editor.click(lens))["runId"]
        end = await editor.until_progress_ends(run_id)

        # Then what had completed comes from the log, the rest runs, and each event arrives in order
        assert editor.events_of(run_id) == [
            "run.started",
            "node.cached measure",
            "node.started compare",
            "node.completed compare",
            "node.started report",
            "node.completed report",
            "run.finished",
        ]
        begin = editor.progress_of(run_id)[0]
        assert (begin.title, begin.cancellable) == ("Resuming weather", True)
        assert end.message.startswith("succeeded: 1 cached, 2 completed · ")
        await editor.until_lens(uri, f"▶ Resume run {run_id[:8]} · succeeded · just now")
    assert (weather.log(failed).read_bytes(), weather.log(failed).stat().st_mtime_ns) == before


async def test_the_run_lens_starts_a_run_and_its_failure_names_the_node(weather: Weather) -> None:
    async with Editor(weather.folder) as editor:
        uri = editor.open()

        run_id = (await editor.click(await editor.lens(uri, "▶ Run")))["runId"]
        end = await editor.until_progress_ends(run_id)

        assert editor.progress_of(run_id)[0].title == "Running weather"
        assert end.message.startswith("failed at compare: ")
        assert "stations.txt" in end.message
        await editor.until(lambda: editor.refreshes >= 2)
        await editor.until_lens(uri, f"▶ Resume run {run_id[:8]} · failed at compare · just now")


async def test_the_engines_summary_line_is_logged(weather: Weather) -> None:
    weather.mend()

    async with Editor(weather.folder) as editor:
        run_id = (await editor.execute("oe.runExperience", editor.open()))["runId"]

        await editor.until(lambda: [line for line in editor.log_messages if "run complete" in line.message])
        assert run_id in editor.log_messages[-1].message


async def test_run_started_is_on_disk_when_the_command_returns(weather: Weather) -> None:
    weather.mend().hold()

    async with Editor(weather.folder) as editor:
        run_id = (await editor.execute("oe.runExperience", editor.open()))["runId"]

        assert weather.events(run_id)[0]["type"] == "run.started"
        weather.release()
        await editor.until_progress_ends(run_id)


async def test_a_running_run_can_be_cancelled_through_its_progress(weather: Weather) -> None:
    weather.mend().hold()

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        run_id = (await editor.click(await editor.lens(uri, "▶ Run")))["runId"]
        await editor.until_event(run_id, "node.started compare")
        await editor.until_lens(uri, f"■ Cancel run {run_id[:8]} · 1/3 nodes")

        editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(f"oe/run/{run_id}"))

        assert (await editor.until_progress_ends(run_id)).message.startswith("cancelled: ")
        assert weather.events(run_id)[-1]["status"] == "cancelled"
        await editor.until_lens(uri, f"▶ Resume run {run_id[:8]} · cancelled")


async def test_a_running_run_can_be_cancelled_through_its_lens(weather: Weather) -> None:
    weather.mend().hold()

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        run_id = (await editor.click(await editor.lens(uri, "▶ Run")))["runId"]
        await editor.until_event(run_id, "node.started compare")

        await editor.click(await editor.lens(uri, "■ Cancel run"))

        await editor.until_event(run_id, "run.finished")


async def test_a_run_started_in_a_terminal_is_shown(weather: Weather) -> None:
    weather.mend().hold()

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        await editor.lenses(uri)
        terminal = asyncio.create_task(asyncio.to_thread(weather.oe, "run"))
        await editor.until(lambda: [told for told in editor.events if told["event"].get("nodeId") == "compare"])

        run_id = editor.events[0]["runId"]
        assert editor.events[0]["uri"] == uri
        await editor.until(lambda: editor.progress_of(run_id))
        await editor.until_lens(uri, f"■ Cancel run {run_id[:8]}")

        weather.release()
        assert (await editor.until_progress_ends(run_id)).message.startswith("succeeded: ")
        assert await terminal == run_id


async def test_killing_the_server_does_not_end_the_run_and_the_next_server_shows_it(weather: Weather) -> None:
    weather.mend().hold()

    # Given a run under way, whose server is killed with everything in its process group
    async with Editor(weather.folder) as editor:
        run_id = (await editor.execute("oe.runExperience", editor.open()))["runId"]
        await editor.until_event(run_id, "node.started compare")
        os.kill(editor.server_pid, signal.SIGKILL)
        await editor.until_server_exits()

    # When the editor starts another one
    async with Editor(weather.folder) as editor:
        uri = editor.open()
        await editor.until(lambda: editor.progress_of(run_id))

        # Then it shows the run as it is, and follows it from there
        state = await editor.ask("oe/runState", uri=uri, runId=run_id)
        assert state.run.status == "running"
        assert [(node.nodeId, node.status) for node in state.nodes] == [
            ("measure", "completed"),
            ("compare", "running"),
            ("report", "pending"),
        ]
        await editor.until_hints(uri, lambda hints: [hint[0] for hint in hints] == ["✓", "⟳"])
        weather.release()
        assert (await editor.until_progress_ends(run_id)).message.startswith("succeeded: 3 completed")
        assert "run.started" not in editor.events_of(run_id)
        assert editor.events_of(run_id)[-1] == "run.finished"
        await editor.until_hints(uri, lambda hints: [hint[0] for hint in hints] == ["✓", "✓", "✓"])
        await editor.until_lens(uri, f"▶ Resume run {run_id[:8]} · succeeded")


@pytest.mark.parametrize("vanishes", [False, True])
async def test_closing_the_editor_cancels_its_runs_if_the_setting_says_so(weather: Weather, vanishes: bool) -> None:
    weather.mend().hold()
    settings = {"run": {"onEditorClose": "cancel"}}

    async with Editor(weather.folder, settings=settings) as editor:
        run_id = (await editor.execute("oe.runExperience", editor.open()))["runId"]
        if vanishes:
            await editor.vanish()

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        await editor.until_lens(uri, f"▶ Resume run {run_id[:8]} · cancelled")


async def test_args_reach_the_run(weather: Weather) -> None:
    weather.mend()

    async with Editor(weather.folder) as editor:
        run_id = (await editor.execute("oe.runExperience", editor.open(), {"args": {"city": "Bern"}}))["runId"]
        await editor.until_progress_ends(run_id)

    assert weather.events(run_id)[0]["args"] == {"city": "Bern"}


async def test_a_client_without_progress_and_events_gets_neither(weather: Weather) -> None:
    weather.mend()

    async with Editor(weather.folder, events=False, progress=False) as editor:
        await editor.execute("oe.runExperience", editor.open())
        await editor.until(lambda: editor.messages)

        assert (editor.events, editor.progress_reports) == ([], {})


@pytest.mark.parametrize(
    "preset",
    [
        "neovim@v0.11.0",
        pytest.param("emacs@v29.1", marks=pytest.mark.long),
        pytest.param("visual-studio-code@v1.65.2", marks=pytest.mark.long),
    ],
)
async def test_a_run_started_from_a_known_editor_reaches_its_end(weather: Weather, preset: str) -> None:
    weather.mend()

    async with Editor(weather.folder, capabilities=client_capabilities(preset)) as editor:
        run_id = (await editor.execute("oe.runExperience", editor.open()))["runId"]

        await editor.until_event(run_id, "run.finished")


class TestRefusals:
    """Each way in which nothing is run, with one clear sentence."""

    async def test_nothing_runs_in_a_workspace_that_is_not_trusted(self, weather: Weather) -> None:
        async with Editor(weather.folder, trusted=False) as editor:
            uri = editor.open()

            for command in (("oe.runExperience", uri), ("oe.resumeRun", uri, UNKNOWN_RUN)):
                with pytest.raises(JsonRpcException, match="not trusted"):
                    await editor.execute(*command)
        assert weather.runs() == []

    async def test_unsaved_changes_are_refused(self, weather: Weather) -> None:
        async with Editor(weather.folder) as editor:
            with pytest.raises(JsonRpcException, match="Save it first"):
                await editor.execute("oe.runExperience", editor.open(text=EXPERIENCE + "# more\n"))
        assert weather.runs() == []

    async def test_a_malformed_run_id_is_refused(self, weather: Weather) -> None:
        async with Editor(weather.folder) as editor:
            uri = editor.open()

            for run_id in ("last", "../../x", "", UNKNOWN_RUN + "/"):
                for command in ("oe.resumeRun", "oe.cancelRun", "oe.inspectRun"):
                    with pytest.raises(JsonRpcException, match="Not a run id"):
                        await editor.execute(command, uri, run_id)
                for method in ("oe/runState", "oe/plan"):
                    with pytest.raises(JsonRpcException, match="Not a run id"):
                        await editor.ask(method, uri=uri, runId=run_id)

    async def test_an_unknown_run_is_refused_with_the_engines_message(self, weather: Weather) -> None:
        async with Editor(weather.folder) as editor:
            with pytest.raises(JsonRpcException, match=UNKNOWN_RUN) as refusal:
                await editor.execute("oe.resumeRun", editor.open(), UNKNOWN_RUN)
        assert "Traceback" not in str(refusal.value)

    async def test_a_deleted_file_is_refused(self, weather: Weather) -> None:
        async with Editor(weather.folder) as editor:
            uri = editor.open()
            weather.file.unlink()

            with pytest.raises(JsonRpcException, match="does not exist"):
                await editor.execute("oe.runExperience", uri)

    async def test_an_invalid_experience_is_refused_with_the_engines_message(self, weather: Weather) -> None:
        weather.file.write_text(EXPERIENCE.replace("to: report", "to: reprot"))

        async with Editor(weather.folder) as editor:
            with pytest.raises(JsonRpcException, match="reprot"):
                await editor.execute("oe.runExperience", editor.open())

    async def test_unsaved_changes_of_a_nested_experience_are_refused(self, weather: Weather) -> None:
        inner = weather.folder / "inner" / "experience.yaml"
        inner.parent.mkdir()
        inner.write_text(EXPERIENCE)
        weather.file.write_text(
            EXPERIENCE.replace("kind: tool\n      impl: ./tools.py:report", "kind: experience\n      impl: ./inner")
        )

        async with Editor(weather.folder) as editor:
            uri = editor.open()
            nested = editor.open("inner/experience.yaml", text=EXPERIENCE + "# typed\n")
            with pytest.raises(JsonRpcException, match=r"inner/experience\.yaml has unsaved changes"):
                await editor.execute("oe.runExperience", uri)

            editor.change(nested, EXPERIENCE)
            await editor.execute("oe.runExperience", uri)

    async def test_an_experience_without_a_file_is_refused(self, tmp_path: Path) -> None:
        async with Editor(tmp_path) as editor:
            with pytest.raises(JsonRpcException, match="not saved"):
                await editor.execute("oe.runExperience", "untitled:Untitled-1")

    async def test_a_run_that_is_over_cannot_be_cancelled(self, weather: Weather) -> None:
        run_id = weather.oe("run")

        async with Editor(weather.folder) as editor:
            with pytest.raises(JsonRpcException, match="not running"):
                await editor.execute("oe.cancelRun", editor.open(), run_id)
