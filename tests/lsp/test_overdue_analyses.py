"""An endless analysis is one warning in its document, and delays no other."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from pathlib import Path
from time import monotonic

import pytest
from lsprotocol import types

from tests.lsp.conftest import EXPERIENCE, TOOLS
from tests.lsp.editor import SECONDS, Editor

NEVER_ENDS = textwrap.dedent("""
    import time
    from engine.experience import analyse
    from oe_lsp.server.main import main

    def analyse_unless_told(text, previous, files):
        while "x-busy:" in text:
            pass
        if "x-asleep:" in text:
            time.sleep(600)
        return analyse(text, previous, files)

    main([], analyse_unless_told)
    """)
SERVER = (sys.executable, "-c", NEVER_ENDS)
AT_ONCE_S = 4
"""Before an analysis that started earlier is abandoned."""


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(TOOLS)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tools.py").write_text(TOOLS)


async def hover(editor: Editor, uri: str) -> types.Hover | None:
    params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(0, 1))
    return await asyncio.wait_for(editor.text_document_hover_async(params), SECONDS)


@pytest.mark.parametrize("key", ["x-busy", pytest.param("x-asleep", marks=pytest.mark.long)])
async def test_an_endless_analysis_delays_no_other_document_and_ends_with_an_edit(tmp_path: Path, key: str) -> None:
    async with Editor(tmp_path, server=SERVER) as editor:
        endless = editor.open(text=f"{key}: 1\n{EXPERIENCE}")
        began = monotonic()
        other = editor.open("other/experience.yaml", EXPERIENCE.replace("to: report }", "to: reprot }"))

        assert [problem.code for problem in await editor.diagnostics_of(other)] == ["OE302"]
        assert await hover(editor, other) is not None
        version = editor.change(other, EXPERIENCE)
        assert not await editor.diagnostics_of(other, version)
        assert monotonic() - began < AT_ONCE_S
        assert not [told for told in editor.published if told.uri == endless]

        [given_up] = await editor.diagnostics_of(endless)
        assert (given_up.code, given_up.severity) == ("OE104", types.DiagnosticSeverity.Warning)
        assert "took over 5 s" in given_up.message
        assert given_up.range == types.Range(types.Position(0, 0), types.Position(0, len(key) + 3))
        assert await hover(editor, endless) is None
        assert await hover(editor, other) is not None

        version = editor.change(endless, EXPERIENCE.replace("to: report }", "to: reprot }"))
        assert [problem.code for problem in await editor.diagnostics_of(endless, version)] == ["OE302"]
        assert await hover(editor, endless) is not None


@pytest.mark.parametrize("key", ["x-busy", pytest.param("x-asleep", marks=pytest.mark.long)])
async def test_shutdown_does_not_wait_for_an_analysis(tmp_path: Path, key: str) -> None:
    async with Editor(tmp_path, server=SERVER) as editor:
        editor.open(text=f"{key}: 1\n")
        assert await editor.lenses(editor.open("other/experience.yaml", EXPERIENCE))
        began = monotonic()

    assert monotonic() - began < AT_ONCE_S
    assert editor.exit_code == 0


async def test_a_server_ends_when_its_editor_dies_during_an_analysis(tmp_path: Path) -> None:
    async with Editor(tmp_path, server=SERVER) as editor:
        editor.open(text="x-busy: 1\n")
        assert await editor.lenses(editor.open("other/experience.yaml", EXPERIENCE))
        began = monotonic()
        await editor.vanish()

    assert monotonic() - began < AT_ONCE_S
    assert editor.exit_code == 1
