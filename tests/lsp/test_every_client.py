"""Every feature with the capabilities of several editors, in each position encoding."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import client_capabilities

from tests.lsp.conftest import EXPERIENCE, TOOLS
from tests.lsp.editor import SECONDS, Editor

pytestmark = pytest.mark.asyncio(loop_scope="module")

_Answer = TypeVar("_Answer")

PRESETS = ("visual_studio_code@v1.65.2", "visual_studio_code today", "neovim@v0.11.0", "emacs@v29.1")
PULL = ("visual_studio_code today",)
"""Those that pull diagnostics. Neovim 0.11 could, but has no refresh."""
UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

CLIENTS = (*((preset, "utf-16") for preset in PRESETS), (PRESETS[0], "utf-8"), (PRESETS[0], "utf-32"))
"""Units and presets are independent of each other, so not every pair is tried."""

BEFORE = '    - { "x-é🌦️": 1, from: compare, to: '
TEXT = EXPERIENCE.replace("    - { from: compare, to: report }", BEFORE + "report }")
LINES = TEXT.splitlines()
LINE = next(number for number, line in enumerate(LINES) if line.startswith(BEFORE))


class Client(Editor):
    """An editor of one kind, for as long as the tests of this file take; each test has a document of its own."""

    def __init__(self, workspace: Path, preset: str, encoding: str) -> None:
        self.preset = preset
        capabilities = client_capabilities("visual_studio_code@v1.65.2" if preset in PULL else preset)
        assert capabilities.text_document and capabilities.workspace
        if preset in PULL:
            capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities(related_document_support=True)
            capabilities.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
        capabilities.general = types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind(encoding)]
        )
        super().__init__(workspace, capabilities=capabilities)
        self.capabilities = capabilities
        self._codec, self._size = UNITS[encoding]
        self._documents = 0

    def show(self, text: str = TEXT) -> str:
        """Open a text as a new experience; its URI."""
        self._documents += 1
        folder = self.workspace / f"{self._documents}"
        folder.mkdir()
        (folder / "tools.py").write_text(TOOLS)
        return self.open(f"{self._documents}/experience.yaml", text)

    def at(self, line: str, word: str, within: int = 1) -> types.Position:
        """A place inside of a word of a line of TEXT, in this client's units."""
        number = next(number for number, each in enumerate(LINES) if each.startswith(line))
        return types.Position(number, self.units(LINES[number][: LINES[number].rindex(word)]) + within)

    def units(self, text: str) -> int:
        return len(text.encode(self._codec)) // self._size

    def over(self, line: str, word: str) -> types.Range:
        """All of that word."""
        start = self.at(line, word, 0)
        return types.Range(start, types.Position(start.line, start.character + self.units(word)))


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CLIENTS, ids="-".join)
async def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    async with Client(tmp_path_factory.mktemp("workspace"), *request.param) as editor:
        yield editor


async def soon(answer: Awaitable[_Answer]) -> _Answer:
    return await asyncio.wait_for(answer, SECONDS)


def document(uri: str) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(uri)


async def test_a_problem_is_underlined_where_it_is(client: Client) -> None:
    found = await client.problems_of(client.show(TEXT.replace("to: report }", "to: reprot }")))

    assert [(each.code, each.range) for each in found] == [("OE302", client.over(BEFORE, "report"))]


async def test_an_edit_is_checked(client: Client) -> None:
    uri = client.show()
    assert not await client.problems_of(uri)

    version = client.change(uri, TEXT.replace("to: report }", "to: reprot }"))

    assert [each.code for each in await client.problems_of(uri, version)] == ["OE302"]


async def test_a_problem_is_reported_once(client: Client) -> None:
    uri = client.show(TEXT.replace("to: report }", "to: reprot }"))
    await client.problems_of(uri)
    version = client.change(uri, TEXT)
    await client.problems_of(uri, version)

    assert any(each.uri == uri for each in client.published) is (client.preset not in PULL)


async def test_a_file_that_appears_is_noticed_without_an_edit(client: Client) -> None:
    uri = client.show(TEXT.replace("./tools.py:report", "./more.py"))
    assert [each.code for each in await client.problems_of(uri)] == ["OE601"]
    before = client.diagnostic_refresh_count

    more = client.workspace / uri.split("/")[-2] / "more.py"
    more.write_text("def run(given): ...\n")
    client.text_document_did_save(types.DidSaveTextDocumentParams(document(more.as_uri())))
    if client.preset in PULL:
        await client.until(lambda: client.diagnostic_refresh_count > before)
        assert list(await client.problems_of(uri)) == []
    else:
        await client.until(lambda: any(each.uri == uri and not each.diagnostics for each in client.published))


async def test_completion_replaces_the_word_at_the_cursor(client: Client) -> None:
    uri = client.show()
    params = types.CompletionParams(document(uri), client.at(BEFORE, "report"))

    found = await soon(client.text_document_completion_async(params))

    assert isinstance(found, types.CompletionList)
    (offer,) = [item for item in found.items if item.label == "report"]
    assert isinstance(offer.text_edit, types.TextEdit)
    assert offer.text_edit.range == client.over(BEFORE, "report")


async def test_a_snippet_is_sent_only_to_clients_that_support_snippets(client: Client) -> None:
    uri = client.show(TEXT + "    - \n")
    position = types.Position(len(LINES), 6)

    found = await soon(client.text_document_completion_async(types.CompletionParams(document(uri), position)))

    assert isinstance(found, types.CompletionList)
    completion = client.capabilities.text_document and client.capabilities.text_document.completion
    knows = bool(completion and completion.completion_item and completion.completion_item.snippet_support)
    formats = {item.insert_text_format for item in found.items}
    assert found.items
    assert knows or formats == {types.InsertTextFormat.PlainText}


async def test_a_hover_has_the_format_that_the_client_shows(client: Client) -> None:
    uri = client.show()

    found = await soon(client.text_document_hover_async(types.HoverParams(document(uri), client.at(BEFORE, "report"))))

    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.range == client.over(BEFORE, "report")
    hover = client.capabilities.text_document and client.capabilities.text_document.hover
    assert hover is not None
    assert found.contents.kind in (hover.content_format or [])


async def test_a_definition_leads_to_the_node(client: Client) -> None:
    uri = client.show()
    params = types.DefinitionParams(document(uri), client.at(BEFORE, "report"))

    found = await soon(client.text_document_definition_async(params))

    assert isinstance(found, list | tuple)
    (target,) = found
    place = target.target_selection_range if isinstance(target, types.LocationLink) else target.range
    assert place == client.over("    - id: report", "report")


async def test_references_are_all_occurrences_of_a_node(client: Client) -> None:
    uri = client.show()
    params = types.ReferenceParams(
        types.ReferenceContext(include_declaration=True), document(uri), client.at("    - id: report", "report")
    )

    found = await soon(client.text_document_references_async(params))

    places = {(each.range.start.line, each.range.start.character) for each in found or ()}
    named = (client.over(BEFORE, "report").start, client.over("    - id: report", "report").start)
    assert places == {(each.line, each.character) for each in named}


async def test_a_rename_changes_them_all(client: Client) -> None:
    uri = client.show()
    params = types.RenameParams(document(uri), client.at("    - id: report", "report"), "summary")

    edit = await soon(client.text_document_rename_async(params))

    assert edit is not None
    if edit.document_changes:
        (changed,) = edit.document_changes
        assert isinstance(changed, types.TextDocumentEdit)
        edits = list(changed.edits)
    else:
        edits = list((edit.changes or {})[uri])
    assert {each.range.start.line for each in edits} == {LINE, LINES.index("    - id: report")}


async def test_the_outline_has_the_nodes_in_it(client: Client) -> None:
    uri = client.show()

    found = await soon(client.text_document_document_symbol_async(types.DocumentSymbolParams(document(uri))))

    def names(symbols: object) -> list[str]:
        each = [(symbol.name, getattr(symbol, "children", None)) for symbol in symbols or ()]  # type: ignore[attr-defined]
        return [inner for name, children in each for inner in (name, *names(children))]

    assert {"measure", "compare", "report"} <= set(names(found))


async def test_a_lens_offers_to_run(client: Client) -> None:
    lenses = await client.lenses(client.show())

    assert [lens.command.title for lens in lenses if lens.command] == ["▶ Run"]
