"""Code actions: what lenses do and what nodes offer, for each kind of client."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities

from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import SECONDS, Editor

COMPARE = EXPERIENCE.splitlines().index("      reads: [readings]")
"""A line of the node `compare`."""

ON_COMPARE = [
    "Run from compare",
    "Run only compare, on what it last received",
    "Run compare anyway, even if it could be restored",
    "Accept compare as it is, even if it changed",
    "Copy the command: oe resume --from compare",
]


async def actions(
    editor: Editor,
    uri: str,
    line: int = 0,
    only: Sequence[str] | None = None,
    trigger: types.CodeActionTriggerKind | None = None,
) -> Sequence[types.CodeAction | types.Command]:
    place = types.Position(line, 2)
    context = types.CodeActionContext([], list(only) if only is not None else None, trigger)
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri), types.Range(place, place), context)
    return await asyncio.wait_for(editor.text_document_code_action_async(params), SECONDS) or []


async def test_they_run_resume_and_steer_and_one_that_cannot_be_done_says_why(weather: Weather) -> None:
    async with Editor(weather.folder, capabilities=client_capabilities("visual_studio_code@v1.65.2")) as editor:
        # Given no run, what needs one is disabled
        uri = editor.open()
        run, copy, page, *on_node = await actions(editor, uri, COMPARE)
        assert (run.title, copy.title) == ("▶ Run", "Copy the command: oe run")
        assert page.title == "Open the page of the run"
        assert [action.title for action in on_node] == ON_COMPARE
        for action in on_node:
            assert isinstance(action, types.CodeAction)
            assert (action.command, action.disabled and action.disabled.reason) == (
                None,
                "This experience has no runs yet.",
            )
        assert isinstance(run, types.CodeAction)
        assert run.command is not None
        failed = (await editor.click(run.command))["runId"]
        await editor.until_event(failed, "run.finished")
        await editor.until_lens(uri, f"▶ Resume run {failed[:8]}")

        # When there is one, the actions of a node resume it
        _, resume, copy, _, run_from, *_ = await actions(editor, uri, COMPARE)
        assert resume.title.startswith(f"▶ Resume run {failed[:8]} · failed at compare")
        assert isinstance(run_from, types.CodeAction)
        assert run_from.command is not None
        weather.mend()
        resumed = (await editor.click(run_from.command))["runId"]
        await editor.until_event(resumed, "run.finished")
        assert editor.events_of(resumed)[1:3] == ["node.cached measure", "node.started compare"]

        # The command line does the same
        assert isinstance(copy, types.CodeAction)
        assert copy.command is not None
        text = (await editor.click(copy.command))["text"]
        assert shlex.split(text) == ["oe", "resume", failed, "--experience", str(weather.file)]
        assert text in [message.message for message in editor.messages]

        await editor.until_lens(uri, f"▶ Resume run {resumed[:8]}", "3 restored")

        # Only what is asked for, and nothing where an editor looks by itself
        assert [action.title for action in await actions(editor, uri, COMPARE, ["quickfix", "source.fixAll"])] == []
        of_runs = [action.title for action in await actions(editor, uri, COMPARE, ["source"])]
        assert of_runs == [action.title for action in await actions(editor, uri)]
        assert await actions(editor, uri, COMPARE, trigger=types.CodeActionTriggerKind.Automatic) == []


async def test_an_old_client_gets_commands_and_is_told_why_nothing_runs_untrusted(weather: Weather) -> None:
    weather.oe("run")

    async with Editor(weather.folder, trusted=False) as editor:
        found = await actions(editor, editor.open(), COMPARE)

        assert [action.title for action in found][-len(ON_COMPARE) :] == ON_COMPARE
        assert all(isinstance(action, types.Command) for action in found)
        run_from = found[-len(ON_COMPARE)]
        assert isinstance(run_from, types.Command)
        with pytest.raises(JsonRpcException, match="not trusted"):
            await editor.click(run_from)
