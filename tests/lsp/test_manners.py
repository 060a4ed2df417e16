"""Cancelled requests, failing features, changed settings, and the folders of the workspace."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcRequestCancelled

from tests.lsp.conftest import EXPERIENCE, TOOLS
from tests.lsp.editor import SECONDS, Editor

WRONG = EXPERIENCE.replace("to: report }", "to: reprot }")
CODE_LENS_WAITS = textwrap.dedent("""
    import asyncio
    from lsprotocol import types
    from oe_lsp.server.features import code_lens
    from oe_lsp.server.main import main

    async def waits(session, params):
        session.client.log(types.MessageType.Info, "waiting")
        await asyncio.Event().wait()

    code_lens.code_lens = waits
    main([])
    """)
HOVER_FAILS = textwrap.dedent("""
    from oe_lsp.server.features import hover
    from oe_lsp.server.main import main

    def fails(session, snapshot, params):
        raise ValueError("a mistake of ours")

    hover.hover = fails
    main([])
    """)


@pytest.fixture(autouse=True)
def _tools(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(TOOLS)


def hovered(uri: str) -> types.HoverParams:
    return types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(0, 1))


async def test_a_request_that_is_cancelled_is_answered_as_cancelled(tmp_path: Path) -> None:
    async with Editor(tmp_path, server=(sys.executable, "-c", CODE_LENS_WAITS)) as editor:
        uri = editor.open(text=WRONG)
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        answer = asyncio.ensure_future(
            editor.protocol.send_request_async(types.TEXT_DOCUMENT_CODE_LENS, params, msg_id="asked")
        )
        await editor.until(lambda: editor.log_messages)
        editor.cancel_request(types.CancelParams("asked"))

        with pytest.raises(JsonRpcRequestCancelled):
            await asyncio.wait_for(answer, SECONDS)


async def test_a_feature_that_fails_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    async with Editor(tmp_path, server=(sys.executable, "-c", HOVER_FAILS)) as editor:
        uri = editor.open(text=WRONG)

        with pytest.raises(JsonRpcException, match="textDocument/hover failed: a mistake of ours") as refused:
            await asyncio.wait_for(editor.text_document_hover_async(hovered(uri)), SECONDS)

        assert "Traceback" not in str(refused.value)
        assert [found.code for found in await editor.diagnostics_of(uri)] == ["OE302"]
        assert editor.messages == []


async def test_settings_change_what_is_shown_while_it_runs(tmp_path: Path) -> None:
    async with Editor(tmp_path) as editor:
        uri = editor.open(text=WRONG)
        assert await editor.diagnostics_of(uri)

        settings = {"oe": {"diagnostics": {"severity": {"OE302": "off"}}}}
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))

        await editor.until(lambda: editor.published[-1].diagnostics == ())


async def test_symbols_are_found_in_every_folder_of_the_workspace(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "experience.yaml").write_text(EXPERIENCE.replace("measure", f"measure_{name}"))

    async with Editor(tmp_path / "first") as editor:
        added = types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder(editor.uri("../second"), "second")], [])
        editor.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(added))
        params = types.WorkspaceSymbolParams("measure")
        found = await asyncio.wait_for(editor.workspace_symbol_async(params), SECONDS)

    assert {symbol.name for symbol in found or ()} == {"measure_first", "measure_second"}
