"""What the user is asked before a run, by clients that can ask and others: trust, and unsaved files."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import UNANSWERED, Editor

UNSAVED = EXPERIENCE.replace("name: weather", "name: unsaved")


class SavingEditor(Editor):
    """Answers `oe/saveFiles`: writes the text that it has of the experience, unless it `refuses`."""

    def __init__(self, weather: Weather) -> None:
        super().__init__(weather.folder, options={"savesFiles": True})
        self.asked_to_save: list[list[str]] = []
        self.text = ""
        self.refuses = False

        @self.feature("oe/saveFiles")
        def save(params: Any) -> bool:
            self.asked_to_save.append(list(params.uris))
            if not self.refuses:
                weather.file.write_text(self.text)
            return not self.refuses

    def open(self, name: str = "experience.yaml", text: str | None = None, language: str = "yaml") -> str:
        self.text = text or ""
        return super().open(name, text, language)

    def change(self, uri: str, text: str) -> int:
        self.text = text
        return super().change(uri, text)

    def set(self, unsaved: str) -> None:
        settings = {"oe": {"run": {"unsavedFiles": unsaved}}}
        self.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))


class TestTrust:
    async def test_the_command_is_answered_while_the_question_is_open(self, weather: Weather) -> None:
        """Some clients show no question while a command is pending, and others give up on it."""
        async with Editor(weather.folder, trusted=None, answer=UNANSWERED) as editor:
            uri = editor.open()

            first = await editor.execute("oe.runExperience", uri)
            await editor.until(lambda: editor.questions)
            second = await editor.execute("oe.runExperience", uri)

            assert first["asking"] is second["asking"] is True
            await editor.until(lambda: len(editor.questions) == 2)
        assert editor.exit_code == 0
        assert weather.runs() == []

    async def test_the_answer_run_starts_that_run_and_is_remembered(self, weather: Weather) -> None:
        weather.file.write_text(EXPERIENCE.replace("to: report", "to: reprot"))

        async with Editor(weather.folder, trusted=None, answer="Run", options={"showsCommandErrors": True}) as editor:
            # What goes wrong after the answer is shown: the command was answered already
            await editor.execute("oe.runExperience", editor.open())
            await editor.until(lambda: editor.messages)
            assert "reprot" in editor.messages[-1].message

        weather.mend().file.write_text(EXPERIENCE)
        async with Editor(weather.folder, trusted=None, answer="Run") as editor:
            uri = editor.open()
            started = await editor.execute("oe.runExperience", uri)
            await editor.until_event(started["runId"], "run.finished")
            assert "asking" not in started
            assert editor.questions == []

            (weather.folder / "state" / "trusted-folders.json").unlink()
            started = await editor.execute("oe.runExperience", uri)
            assert started["asking"] is True
            await editor.until_event(started["runId"], "run.finished")

    async def test_nothing_runs_without_the_answer_run_and_the_way_out_is_said(self, weather: Weather) -> None:
        async with Editor(weather.folder, trusted=None, answer="Cancel") as editor:
            uri = editor.open()
            await editor.execute("oe.runExperience", uri)
            await editor.until(lambda: editor.questions)
            assert "asking" in await editor.execute("oe.runExperience", uri), "the answer Cancel is not remembered"

            # A question that is closed without an answer, and a client that has no questions
            editor.answer_with(None)
            await editor.execute("oe.runExperience", uri)
            await editor.until(lambda: editor.messages)
            assert f"oe trust {weather.folder}" in editor.messages[-1].message

            editor.refuse_questions()
            await editor.execute("oe.runExperience", uri)
            await editor.until(lambda: len(editor.messages) == 2)
            assert "cannot ask" in editor.messages[-1].message
            assert f"oe trust {weather.folder}" in editor.messages[-1].message
        assert weather.runs() == []


async def test_many_calls_are_confirmed_and_a_client_that_cannot_ask_is_told(weather: Weather) -> None:
    agent = "    - { id: judge, kind: agent, model: claude-haiku-4-5, prompt: Judge., writes: [report] }\n"
    edge = "    - { from: compare, to: judge }\n"
    weather.file.write_text(EXPERIENCE.replace("  edges:\n", f"{agent}  edges:\n{edge}"))
    weather.mend().hold()
    settings = {"run": {"confirmCalls": 0}}

    key = {"ANTHROPIC_API_KEY": "k" * 20}
    async with Editor(weather.folder, settings=settings, answer="Cancel", env=key) as editor:
        uri = editor.open()
        assert (await editor.execute("oe.runExperience", uri))["asking"] is True
        await editor.until(lambda: editor.questions)
        assert editor.questions[0].startswith(
            "This run may make up to 1 model call (claude-haiku-4-5 \N{MULTIPLICATION SIGN}1)."
        )
        assert weather.runs() == []

        editor.refuse_questions()
        run_id = (await editor.execute("oe.runExperience", uri))["runId"]
        await editor.until_event(run_id, "node.started compare")
        assert editor.messages[0].message == editor.questions[0]
        await editor.execute("oe.cancelRun")
        await editor.until_progress_ends(run_id)


async def test_unsaved_files_are_saved_or_asked_about_or_refused_as_the_setting_says(weather: Weather) -> None:
    weather.mend()

    async with SavingEditor(weather) as editor:
        uri = editor.open(text=UNSAVED)
        editor.refuses = True
        with pytest.raises(JsonRpcException, match="could be saved"):
            await editor.execute("oe.runExperience", uri)
        assert editor.asked_to_save == [[uri, editor.uri("tools.py")]]

        editor.set("refuse")
        with pytest.raises(JsonRpcException, match=r"experience\.yaml has unsaved changes"):
            await editor.execute("oe.runExperience", uri)

        editor.set("ask")
        editor.answer_with("Cancel")
        await editor.execute("oe.runExperience", uri)
        await editor.until(lambda: editor.questions)
        assert "Not saved: experience.yaml" in editor.questions[0]
        assert len(editor.asked_to_save) == 1
        assert weather.runs() == []

        editor.refuses = False
        editor.answer_with("Save and run")
        run_id = (await editor.execute("oe.runExperience", uri))["runId"]
        await editor.until_event(run_id, "run.finished")
        assert weather.events(run_id)[0]["experience"]["name"] == "unsaved"  # type: ignore[index]
        assert weather.runs() == [run_id]

        editor.set("save")
        editor.change(uri, EXPERIENCE)
        run_id = (await editor.execute("oe.runExperience", uri))["runId"]
        assert len(editor.questions) == 2
        assert weather.events(run_id)[0]["experience"]["name"] == "weather"  # type: ignore[index]
