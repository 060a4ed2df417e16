"""Completion over a real server: for the client's capabilities, in its position encoding."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp.conftest import EXPERIENCE
from tests.lsp.editor import SECONDS, Editor

EDGE = "    - { from: compare, to: report }"


def capabilities(encoding: str, *, snippets: bool, markdown: bool) -> types.ClientCapabilities:
    formats = [types.MarkupKind.Markdown] if markdown else [types.MarkupKind.PlainText]
    item = types.ClientCompletionItemOptions(snippet_support=snippets, documentation_format=formats)
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)]),
        text_document=types.TextDocumentClientCapabilities(
            completion=types.CompletionClientCapabilities(completion_item=item)
        ),
    )


async def offers(editor: Editor, uri: str, line: int, character: int) -> dict[str, types.CompletionItem]:
    params = types.CompletionParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
    found = await asyncio.wait_for(editor.text_document_completion_async(params), SECONDS)
    assert isinstance(found, types.CompletionList)
    return {item.label: item for item in found.items}


def edit(item: types.CompletionItem) -> types.TextEdit:
    assert isinstance(item.text_edit, types.TextEdit)
    assert item.filter_text  # by which Neovim filters items with a text edit, and by nothing else
    return item.text_edit


@pytest.mark.parametrize(("encoding", "start", "end"), [("utf-8", 39, 42), ("utf-16", 34, 37), ("utf-32", 33, 36)])
async def test_an_id_replaces_the_typed_text_in_the_clients_encoding(
    tmp_path: Path, encoding: str, start: int, end: int
) -> None:
    edge = '    - { from: "🌦️é compare", to: rep }'
    text = EXPERIENCE.replace(EDGE, edge)
    line = text.splitlines().index(edge)

    async with Editor(tmp_path, capabilities=capabilities(encoding, snippets=True, markdown=True)) as editor:
        found = await offers(editor, editor.open(text=text), line, end)

    assert set(found) == {"measure", "compare", "report"}
    assert edit(found["report"]) == types.TextEdit(
        types.Range(types.Position(line, start), types.Position(line, end)), "report"
    )


async def test_a_whole_node_is_a_snippet_if_the_client_supports_snippets(tmp_path: Path) -> None:
    text = EXPERIENCE.replace("  edges:", "    - \n  edges:")
    line = text.splitlines().index("    - ")

    async with Editor(tmp_path, capabilities=capabilities("utf-16", snippets=True, markdown=True)) as editor:
        tool = (await offers(editor, editor.open(text=text), line, 6))["tool"]

    assert tool.insert_text_format == types.InsertTextFormat.Snippet
    assert edit(tool).new_text.startswith("id: ${1:fetch}\n  kind: tool\n")
    assert isinstance(tool.documentation, types.MarkupContent)
    assert "```yaml" in tool.documentation.value


async def test_a_whole_node_is_plain_text_if_it_does_not(tmp_path: Path) -> None:
    text = EXPERIENCE.replace("  edges:", "    - \n  edges:")
    line = text.splitlines().index("    - ")

    async with Editor(tmp_path, capabilities=capabilities("utf-16", snippets=False, markdown=False)) as editor:
        tool = (await offers(editor, editor.open(text=text), line, 6))["tool"]

    assert tool.insert_text_format == types.InsertTextFormat.PlainText
    assert edit(tool).new_text.startswith("id: fetch\n  kind: tool\n")
    assert isinstance(tool.documentation, str)
    assert "```" not in tool.documentation


async def test_files_beside_the_experience_are_offered(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "measure.py").touch()
    text = EXPERIENCE.replace("./tools.py:measure", "./tools/")
    line = text.splitlines().index("      impl: ./tools/")

    async with Editor(tmp_path) as editor:
        found = await offers(editor, editor.open(text=text), line, 20)

    assert set(found) == {"measure.py"}
    assert edit(found["measure.py"]).new_text == "./tools/measure.py"


async def test_the_newest_text_is_completed(tmp_path: Path) -> None:
    async with Editor(tmp_path) as editor:
        uri = editor.open(text="")
        editor.change(uri, "graph:\n  nodes:\n    - kind: ")
        found = await offers(editor, uri, 2, 12)

    assert "cli-agent" in found


async def test_other_documents_are_ignored(tmp_path: Path) -> None:
    async with Editor(tmp_path) as editor:
        uri = editor.open("compose.yaml", "kind: ")
        params = types.CompletionParams(types.TextDocumentIdentifier(uri), types.Position(0, 6))
        found = await asyncio.wait_for(editor.text_document_completion_async(params), SECONDS)

    assert found is None
