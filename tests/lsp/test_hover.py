"""Hover over a real server: in Markdown if the client shows it, in its position encoding."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types

from engine.log.events.events import RunStatus
from tests.lsp.conftest import EXPERIENCE
from tests.lsp.editor import SECONDS, Editor
from tests.support.written_runs import WrittenRun

EDGE = '    - { from: compare, "é🌦️": 1, to: report }'
TEXT = EXPERIENCE.replace("    - { from: compare, to: report }", EDGE)
SECRET = "sk-a-secret-only-now"
LINE = TEXT.splitlines().index(EDGE)


def capabilities(encoding: str, kind: types.MarkupKind) -> types.ClientCapabilities:
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)]),
        text_document=types.TextDocumentClientCapabilities(hover=types.HoverClientCapabilities(content_format=[kind])),
    )


async def hover(editor: Editor, uri: str, line: int, character: int) -> types.Hover | None:
    params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
    return await asyncio.wait_for(editor.text_document_hover_async(params), SECONDS)


@pytest.mark.parametrize(("encoding", "start"), [("utf-8", 43), ("utf-16", 38), ("utf-32", 37)])
async def test_the_id_in_an_edge_has_the_hover_of_its_node(tmp_path: Path, encoding: str, start: int) -> None:
    async with Editor(tmp_path, capabilities=capabilities(encoding, types.MarkupKind.Markdown)) as editor:
        found = await hover(editor, editor.open(text=TEXT), LINE, start + 2)

    assert found is not None
    assert found.range == types.Range(types.Position(LINE, start), types.Position(LINE, start + 6))
    assert isinstance(found.contents, types.MarkupContent)
    assert found.contents.kind == types.MarkupKind.Markdown
    assert "**report** · tool" in found.contents.value
    assert "- reads `warmest` from `compare`" in found.contents.value


async def test_a_client_without_markdown_gets_plain_text(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=capabilities("utf-16", types.MarkupKind.PlainText)) as editor:
        found = await hover(editor, editor.open(text=TEXT), LINE, 42)

    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.contents.kind == types.MarkupKind.PlainText
    assert found.contents.value.startswith("report · tool\n")


async def test_an_empty_place_has_no_hover(tmp_path: Path) -> None:
    async with Editor(tmp_path) as editor:
        assert await hover(editor, editor.open(text="name: x\n\n\n"), 2, 0) is None


async def test_a_node_tells_how_it_went_in_the_newest_run_and_so_does_the_tooltip_of_its_hint(tmp_path: Path) -> None:
    run = WrittenRun(tmp_path).begin("measure", "compare", "report").complete("measure")
    run.fail("compare", f"no stations for {SECRET}").finish(RunStatus.FAILURE).close()
    async with Editor(tmp_path, env={"OPENAI_API_KEY": SECRET}) as editor:
        uri = editor.open(text=TEXT)
        await editor.until_hints(uri, lambda hints: len(hints) == 2)
        found = await hover(editor, uri, LINE, 19)
        whole = types.Range(types.Position(0, 0), types.Position(LINE, 0))
        hints = await editor.text_document_inlay_hint_async(
            types.InlayHintParams(types.TextDocumentIdentifier(uri), whole)
        )
        assert hints is not None
        resolved = await editor.inlay_hint_resolve_async(hints[1])

    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert isinstance(resolved.tooltip, str)
    assert found.contents.value.endswith(f"\n\n{resolved.tooltip}")
    assert "✗ failed\n- FileNotFoundError: no stations for ***\n" in found.contents.value
    assert "Last runs:\n- ✗ failed · just now" in found.contents.value
