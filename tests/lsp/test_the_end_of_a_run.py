"""The message at the end of a run, and what it offers."""

from __future__ import annotations

import asyncio

from lsprotocol import types

from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import Editor

LINE = EXPERIENCE.splitlines().index("    - id: compare")


def with_actions() -> types.ClientCapabilities:
    return types.ClientCapabilities(
        window=types.WindowClientCapabilities(
            work_done_progress=True,
            show_message=types.ShowMessageRequestClientCapabilities(),
            show_document=types.ShowDocumentClientCapabilities(support=True),
        )
    )


async def test_it_says_what_happened_and_offers_what_helps(weather: Weather) -> None:
    async with Editor(weather.folder, capabilities=with_actions(), answer="Show failure") as editor:
        # Given a run that fails, the failed node is shown
        uri = editor.open()
        failed = (await editor.execute("oe.runExperience", uri))["runId"]
        await editor.until(lambda: editor.shown_documents)
        assert editor.questions[0].startswith(f"Run {failed[:8]} of weather failed at compare: ")
        assert editor.actions == [["Resume", "Show failure", "Open log"]]
        name = types.Range(types.Position(LINE, 10), types.Position(LINE, 17))
        assert [(each.uri, each.selection) for each in editor.shown_documents] == [(uri, name)]
        await editor.execute("oe.showFailure", uri, failed)
        assert editor.shown_documents.pop() == editor.shown_documents[0]

        # Or its log
        editor.answer_with("Open log")
        failed = (await editor.execute("oe.resumeRun"))["runId"]
        await editor.until(lambda: len(editor.shown_documents) == 2)
        assert editor.shown_documents[-1].uri == weather.log(failed).as_uri()

        # Or it is resumed; one that succeeds interrupts nobody
        weather.hold()
        editor.answer_with("Resume")
        await editor.execute("oe.resumeRun")
        await asyncio.to_thread(weather.release)
        await editor.until(lambda: len(editor.questions) == 3)
        await asyncio.to_thread(weather.mend().release)
        await editor.until(lambda: editor.messages)
        assert "succeeded: 1 cached, 2 completed" in editor.messages[-1].message
        assert editor.messages[-1].type is types.MessageType.Info


async def test_a_client_without_actions_gets_a_message_and_one_with_its_own_gets_none(weather: Weather) -> None:
    async with Editor(weather.folder) as editor, Editor(weather.folder, options={"notifiesRunEnd": True}) as other:
        run_id = (await editor.execute("oe.runExperience", editor.open()))["runId"]
        await editor.until(lambda: editor.messages)
        assert editor.messages[-1].message.startswith(f"Run {run_id[:8]} of weather failed at compare: ")
        assert editor.messages[-1].type is types.MessageType.Error

        own = (await other.execute("oe.runExperience", other.open()))["runId"]
        await other.until_event(own, "run.finished")
        await other.until_progress_ends(own)
        await editor.until_progress_ends(own)

        # Each run is announced by the server that started it, if at all
        assert [message.message[:12] for message in (*editor.messages, *other.messages)] == [f"Run {run_id[:8]}"]
