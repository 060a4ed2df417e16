"""Navigation over a real server: in the client's position encoding, and in the form that it supports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import SECONDS, Editor

_Answer = TypeVar("_Answer")

EDGE = '    - { "é🌦️": 1, from: compare, to: report }'
TEXT = EXPERIENCE.replace("    - { from: compare, to: report }", EDGE)
LINES = TEXT.splitlines()


def capabilities(encoding: str = "utf-16", *, rich: bool = True) -> types.ClientCapabilities:
    """A client that takes all that there is, or as little as a client may."""
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)]),
        workspace=types.WorkspaceClientCapabilities(
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=rich)
        ),
        text_document=types.TextDocumentClientCapabilities(
            definition=types.DefinitionClientCapabilities(link_support=rich),
            document_symbol=types.DocumentSymbolClientCapabilities(hierarchical_document_symbol_support=rich),
            document_link=types.DocumentLinkClientCapabilities(tooltip_support=rich),
            folding_range=types.FoldingRangeClientCapabilities(range_limit=None if rich else 2),
            rename=types.RenameClientCapabilities(prepare_support=rich),
        ),
    )


async def soon(answer: Awaitable[_Answer]) -> _Answer:
    return await asyncio.wait_for(answer, SECONDS)


def document(uri: str) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(uri)


def at(line_with: str, word: str) -> types.Position:
    """Where a word begins in the line that has a text in it; for lines of letters that count one in each encoding."""
    line = next(number for number, line in enumerate(LINES) if line_with in line)
    return types.Position(line, LINES[line].index(word))


def over(position: types.Position, length: int) -> types.Range:
    return types.Range(position, types.Position(position.line, position.character + length))


DECLARED = over(at("id: compare", "compare"), len("compare"))
READS = at("reads: [readings]", "readings")


@pytest.mark.parametrize(("encoding", "start"), [("utf-8", 30), ("utf-16", 25), ("utf-32", 24)])
async def test_a_definition_is_found_in_the_clients_encoding(tmp_path: Path, encoding: str, start: int) -> None:
    line = LINES.index(EDGE)
    async with Editor(tmp_path, capabilities=capabilities(encoding)) as editor:
        uri = editor.open(text=TEXT)
        params = types.DefinitionParams(document(uri), types.Position(line, start + 2))
        found = await soon(editor.text_document_definition_async(params))

    assert isinstance(found, list)
    (link,) = found
    assert isinstance(link, types.LocationLink)
    assert link.origin_selection_range == over(types.Position(line, start), len("compare"))
    assert link.target_uri == uri
    assert link.target_selection_range == DECLARED
    assert link.target_range.start == at("id: compare", "id")


async def test_a_client_without_links_gets_locations(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=capabilities(rich=False)) as editor:
        uri = editor.open(text=TEXT)
        params = types.DefinitionParams(document(uri), at("from: measure", "compare"))
        found = await soon(editor.text_document_definition_async(params))

    assert found == [types.Location(uri, DECLARED)]


async def test_the_definition_of_a_tool_is_its_function(weather: Weather) -> None:
    async with Editor(weather.folder, capabilities=capabilities()) as editor:
        params = types.DefinitionParams(document(editor.open()), at("tools.py:compare", "./tools"))
        found = await soon(editor.text_document_definition_async(params))
        uri = editor.uri("tools.py")

    assert isinstance(found, list)
    (link,) = found
    assert isinstance(link, types.LocationLink)
    assert link.target_uri == uri
    line = (weather.folder / "tools.py").read_text().splitlines().index("def compare(_):")
    assert link.target_selection_range == over(types.Position(line, 4), len("compare"))


async def test_references_and_highlights_distinguish_writes_from_reads(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=capabilities()) as editor:
        uri = editor.open(text=TEXT)
        context = types.ReferenceContext(include_declaration=False)
        references = await soon(
            editor.text_document_references_async(types.ReferenceParams(context, document(uri), READS))
        )
        highlights = await soon(
            editor.text_document_document_highlight_async(types.DocumentHighlightParams(document(uri), READS))
        )

    places = [at("readings: {", "readings"), at("writes: [readings]", "readings"), READS]
    assert list(references or []) == [types.Location(uri, over(place, 8)) for place in places[1:]]
    kinds = [types.DocumentHighlightKind.Write, types.DocumentHighlightKind.Write, types.DocumentHighlightKind.Read]
    assert list(highlights or []) == [
        types.DocumentHighlight(over(place, 8), kind) for place, kind in zip(places, kinds, strict=True)
    ]


async def test_a_definition_in_a_nested_experience_is_in_its_unsaved_text(tmp_path: Path) -> None:
    nested = tmp_path / "inner" / "experience.yaml"
    nested.parent.mkdir()
    nested.write_text(EXPERIENCE)
    inner = "kind: experience\n      impl: ./inner\n      outputs: { sky: report }"
    text = TEXT.replace("kind: tool\n      impl: ./tools.py:report", inner)
    line = text.splitlines().index("      outputs: { sky: report }")
    async with Editor(tmp_path, capabilities=capabilities()) as editor:
        uri = editor.open(text=text)
        editor.open("inner/experience.yaml", text="# typed, not saved\n" + EXPERIENCE)
        position = types.Position(line, len("      outputs: { sky: re"))
        params = types.DefinitionParams(document(uri), position)
        found = await soon(editor.text_document_definition_async(params))

    declared = next(number for number, line in enumerate(EXPERIENCE.splitlines()) if line.startswith("    report:"))
    assert isinstance(found, list)
    (link,) = found
    assert isinstance(link, types.LocationLink)
    assert link.target_uri == editor.uri("inner/experience.yaml")
    assert link.target_selection_range == over(types.Position(declared + 1, 4), len("report"))


async def test_references_are_found_in_a_prompt_beside_the_experience(tmp_path: Path) -> None:
    (tmp_path / "ask.md").write_text("é🌦️\n{{ readings }}", encoding="utf-8")
    text = TEXT.replace("kind: tool\n      impl: ./tools.py:compare", "kind: agent\n      prompt: ./ask.md")
    async with Editor(tmp_path, capabilities=capabilities()) as editor:
        uri = editor.open(text=text)
        context = types.ReferenceContext(include_declaration=True)
        found = await soon(editor.text_document_references_async(types.ReferenceParams(context, document(uri), READS)))
        prompt = editor.uri("ask.md")

    assert found is not None
    assert types.Location(prompt, over(types.Position(1, 3), 8)) in found


async def test_the_call_hierarchy_goes_up_and_down(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=capabilities()) as editor:
        uri = editor.open(text=TEXT)
        params = types.CallHierarchyPrepareParams(document(uri), at("id: compare", "compare"))
        prepared = await soon(editor.text_document_prepare_call_hierarchy_async(params))
        assert prepared is not None
        (item,) = prepared
        up = await soon(editor.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item)))
        down = await soon(editor.call_hierarchy_outgoing_calls_async(types.CallHierarchyOutgoingCallsParams(item)))

    assert (item.name, item.detail, item.selection_range) == ("compare", "tool", DECLARED)
    assert [(call.from_.name, list(call.from_ranges)) for call in up or []] == [
        ("measure", [over(at("from: measure", "compare"), 7), over(READS, 8)])
    ]
    assert [call.to.name for call in down or []] == ["report"]


@pytest.mark.parametrize("rich", [True, False])
async def test_a_rename_changes_every_place(tmp_path: Path, rich: bool) -> None:
    async with Editor(tmp_path, capabilities=capabilities(rich=rich)) as editor:
        uri = editor.open(text=TEXT)
        place = at("id: compare", "compare")
        prepared = await soon(
            editor.text_document_prepare_rename_async(types.PrepareRenameParams(document(uri), place))
        )
        params = types.RenameParams(document(uri), place, "rank")
        found = await soon(editor.text_document_rename_async(params))

    assert prepared == DECLARED
    assert found is not None
    (change,) = found.document_changes or [None]
    edits = found.changes[uri] if found.changes else change.edits if isinstance(change, types.TextDocumentEdit) else []
    assert bool(found.changes) is not rich
    assert [edit.new_text for edit in edits if isinstance(edit, types.TextEdit)] == ["rank"] * 3


async def test_a_refused_rename_says_why(tmp_path: Path) -> None:
    async with Editor(tmp_path) as editor:
        uri = editor.open(text=TEXT)
        params = types.RenameParams(document(uri), at("id: compare", "compare"), "report")
        with pytest.raises(JsonRpcException, match="`report` already exists") as refused:
            await soon(editor.text_document_rename_async(params))

    assert refused.value.code == -32803


async def test_the_outline_is_a_tree_or_flat_as_the_client_supports(tmp_path: Path) -> None:
    async def outline(*, rich: bool) -> list[tuple[str, int]]:
        async with Editor(tmp_path, capabilities=capabilities(rich=rich)) as editor:
            params = types.DocumentSymbolParams(document(editor.open(text=TEXT)))
            found = await soon(editor.text_document_document_symbol_async(params)) or []
            return [
                (symbol.name, len(symbol.children or [])) if isinstance(symbol, types.DocumentSymbol)
                else (f"{symbol.container_name}/{symbol.name}", 0)
                for symbol in found
            ]  # fmt: skip

    assert await outline(rich=True) == [("state", 3), ("nodes", 3), ("edges", 2)]
    flat = await outline(rich=False)
    assert flat[3] == ("nodes/measure", 0)
    assert len(flat) == 8


async def test_symbols_are_found_in_all_experiences_of_the_workspace(tmp_path: Path) -> None:
    for name in ("one", "two", ".hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "experience.yaml").write_text(TEXT.replace("name: weather", f"name: {name}"))
    async with Editor(tmp_path, capabilities=capabilities()) as editor:
        editor.open("one/experience.yaml", TEXT.replace("id: compare", "id: compare_anew"))
        await editor.diagnostics_of(editor.uri("one/experience.yaml"))
        found = await soon(editor.workspace_symbol_async(types.WorkspaceSymbolParams("cmpr")))

    assert [(symbol.name, symbol.container_name) for symbol in found or []] == [
        ("compare_anew", "weather"),
        ("compare", "two"),
    ]


async def test_folds_are_limited_as_the_client_asks(tmp_path: Path) -> None:
    async def folds(*, rich: bool) -> list[int]:
        async with Editor(tmp_path, capabilities=capabilities(rich=rich)) as editor:
            params = types.FoldingRangeParams(document(editor.open(text=TEXT)))
            return [fold.start_line for fold in await soon(editor.text_document_folding_range_async(params)) or []]

    assert await folds(rich=False) == [LINES.index("state:"), LINES.index("graph:")]
    assert len(await folds(rich=True)) == 8


async def test_a_selection_grows_for_each_cursor(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=capabilities()) as editor:
        uri = editor.open(text=TEXT)
        params = types.SelectionRangeParams(document(uri), [READS, types.Position(0, 0)])
        found = await soon(editor.text_document_selection_range_async(params))

    assert found is not None
    assert [one.range for one in found] == [over(READS, 8), over(types.Position(0, 0), len("name"))]
    assert found[0].parent is not None
    assert found[0].parent.range == over(at("reads: [readings]", "[readings]"), 10)


@pytest.mark.parametrize(("rich", "tooltip"), [(True, "Open tool code"), (False, None)])
async def test_links_open_existing_files(weather: Weather, rich: bool, tooltip: str | None) -> None:
    async with Editor(weather.folder, capabilities=capabilities(rich=rich)) as editor:
        params = types.DocumentLinkParams(document(editor.open()))
        first, *others = await soon(editor.text_document_document_link_async(params)) or []
        tools = editor.uri("tools.py")

    place = over(at("tools.py:measure", "./tools.py"), len("./tools.py"))
    assert first == types.DocumentLink(place, target=tools, tooltip=tooltip)
    assert [link.target for link in others] == [tools, tools]


async def test_semantic_tokens_are_sent_in_full_as_a_delta_and_for_a_range(tmp_path: Path) -> None:
    text = TEXT.replace("to: compare }", "to: compare, when: $.readings.length > 3 }")
    async with Editor(tmp_path, capabilities=capabilities()) as editor:
        uri = editor.open(text=text)
        whole = await soon(editor.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document(uri))))
        assert whole is not None
        assert whole.result_id is not None
        editor.change(uri, text.replace("> 3", ">= 3"))
        delta = types.SemanticTokensDeltaParams(document(uri), whole.result_id)
        changed = await soon(editor.text_document_semantic_tokens_full_delta_async(delta))
        outdated = await soon(editor.text_document_semantic_tokens_full_delta_async(delta))
        line = next(number for number, line in enumerate(text.splitlines()) if "when" in line)
        rows = types.Range(types.Position(line, 0), types.Position(line + 1, 0))
        some = await soon(
            editor.text_document_semantic_tokens_range_async(types.SemanticTokensRangeParams(document(uri), rows))
        )

    assert len(whole.data) == 5 * 5
    assert isinstance(changed, types.SemanticTokensDelta)
    (edit,) = changed.edits
    data = list(whole.data)
    data[edit.start : edit.start + edit.delete_count] = edit.data or []
    assert isinstance(outdated, types.SemanticTokens)
    assert list(outdated.data) == data
    assert some is not None
    assert list(some.data) == data


async def test_other_documents_are_ignored(tmp_path: Path) -> None:
    async with Editor(tmp_path) as editor:
        uri = editor.open("compose.yaml", TEXT)
        symbols = await soon(editor.text_document_document_symbol_async(types.DocumentSymbolParams(document(uri))))
        found = await soon(editor.text_document_definition_async(types.DefinitionParams(document(uri), READS)))

    assert symbols is None
    assert found is None
