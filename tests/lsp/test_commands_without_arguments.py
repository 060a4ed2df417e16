"""Commands from editors that pass no arguments, and that show nothing but messages."""

from __future__ import annotations

import pytest
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import Editor


async def test_they_mean_the_only_open_experience_and_its_latest_run(weather: Weather) -> None:
    async with Editor(weather.folder) as editor:
        # Given no open experience, nothing runs, and a message says why
        for command in ("oe.runExperience", "oe.resumeRun", "oe.cancelRun", "oe.inspectRun"):
            with pytest.raises(JsonRpcException, match="No experience is open"):
                await editor.execute(command)
        assert [message.message.partition(".")[0] for message in editor.messages] == ["No experience is open"] * 4

        # When one is open, it runs
        uri = editor.open()
        with pytest.raises(JsonRpcException, match="no runs yet"):
            await editor.execute("oe.resumeRun")
        failed = (await editor.execute("oe.runExperience"))["runId"]
        await editor.until_progress_ends(failed)

        # Then its latest run is the one that is resumed, refused while it is running, cancelled and inspected
        weather.mend().hold()
        resumed = (await editor.execute("oe.resumeRun"))["runId"]
        await editor.until_event(resumed, "node.started compare")
        assert weather.events(resumed)[0]["originalRunId"] == failed
        with pytest.raises(JsonRpcException, match=f"Run {resumed[:8]} is still running"):
            await editor.execute("oe.resumeRun", uri, "latest")
        assert (await editor.execute("oe.inspectRun", uri, "latest"))["state"]["run"]["runId"] == resumed
        await editor.execute("oe.cancelRun")
        assert (await editor.until_progress_ends(resumed)).message.startswith("cancelled")
        with pytest.raises(JsonRpcException, match="No run of this experience is running"):
            await editor.execute("oe.cancelRun")

        # And each lens has a column of its own
        columns = [lens.range.start.character for lens in await editor.lenses(uri)]
        assert columns == list(range(len(columns)))  # there are three or, once there is a plan, four
        assert len(columns) in (3, 4)

        # Where several are open, none is guessed
        editor.open("other/experience.yaml", text=EXPERIENCE)
        with pytest.raises(JsonRpcException, match=r"Several experiences are open: .*, .*other/experience\.yaml"):
            await editor.execute("oe.runExperience")


async def test_a_client_that_shows_the_errors_of_commands_gets_no_message_besides(weather: Weather) -> None:
    async with Editor(weather.folder, options={"showsCommandErrors": True}) as editor:
        with pytest.raises(JsonRpcException, match="No experience is open"):
            await editor.execute("oe.runExperience")

        assert editor.messages == []
