"""Logs that came with somebody else's folder, in the editor: each request about them is answered, and does no harm."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError

from engine.log.reading.reader import MAX_LINE_BYTES
from tests.hostile.stranger import PATHS, RUN_ID, finished, hostile_logs, line, lines_of, started, written
from tests.lsp.editor import Editor

LOGS = {
    name: log
    for at, (name, log) in enumerate(hostile_logs().items())
    if at % 6 == 0 or not name.startswith(("run.", "node."))  # of those with one wrong field, some
} | {
    "a line too long": lines_of(started(), line("run.warning", 1, message="x" * (MAX_LINE_BYTES + 1)), finished()),
    "a first line too long": lines_of(started(args={"a": "x" * (MAX_LINE_BYTES + 1)}), finished()),
}
OBEYED = set("\x1b\x07\x7f\x9b\u202e\r")


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    """An editor in a folder with one run for each log, and with what it is told open."""
    for name, log in LOGS.items():
        written(tmp_path, log.replace(RUN_ID.encode(), run_id_of(name).encode()), run_id_of(name))
    async with Editor(tmp_path) as editor:
        editor.open()
        yield editor


def run_id_of(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


async def answer(editor: Editor, method: str, run_id: Any) -> Any:
    """What the server answers about a run: a result, or an error that says what is wrong, and not that something is."""
    uri = editor.uri("experience.yaml")
    try:
        if method.startswith("oe."):
            return await editor.execute(method, uri, run_id)
        return await editor.ask(method, uri=uri, runId=run_id)
    except JsonRpcException as error:
        assert not isinstance(error, JsonRpcInternalError), (method, error)
        assert error.message
        assert "Traceback" not in error.message
        return error.message


@pytest.mark.long
async def test_whatever_a_log_says_the_editor_gets_an_answer(editor: Editor) -> None:
    for at, name in enumerate(LOGS):
        for method in ("oe/runState", "oe.inspectRun", "oe/plan")[: 2 if at % 5 else 3]:  # plans take long
            assert await answer(editor, method, run_id_of(name)), (name, method)
    listed = await editor.ask("oe/runs", uri=editor.uri("experience.yaml"))

    assert listed.runs
    assert await editor.lenses(editor.uri("experience.yaml"))
    assert [shown.message for shown in editor.log_messages if shown.type is types.MessageType.Error] == []


async def test_what_is_shown_of_a_log_moves_nothing(tmp_path: Path) -> None:
    written(tmp_path, hostile_logs()["escapes"])

    async with Editor(tmp_path) as editor:
        editor.open()
        shown = [lens.command.title for lens in await editor.lenses(editor.uri("experience.yaml")) if lens.command]
        text = (await answer(editor, "oe.inspectRun", RUN_ID))["text"]

    assert "gnp.exe" in text
    assert not OBEYED & set("".join(shown) + text)


async def test_what_is_no_run_id_never_becomes_a_path(tmp_path: Path) -> None:
    written(tmp_path, lines_of(started(), finished()))

    async with Editor(tmp_path) as editor:
        editor.open()
        for method in ("oe/runState", "oe/plan", "oe.inspectRun", "oe.resumeRun", "oe.cancelRun"):
            nothing = [None] if method.startswith("oe/") else []  # to a command, it is the latest run
            for wrong in (*PATHS, RUN_ID.replace("0", "A"), RUN_ID + "/..", RUN_ID + "\n", 7, *nothing, [RUN_ID], {}):
                assert isinstance(await answer(editor, method, wrong), str), (method, wrong)
