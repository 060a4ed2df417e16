"""For any document, every request is answered, and every range in an answer lies in the document."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from lsprotocol import types

from tests.lsp.conftest import EXPERIENCE, TOOLS
from tests.lsp.editor import SECONDS, Editor

UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
PROMPT = "    - { id: ask, kind: agent, reads: [warmest], writes: [report], prompt: 'So {{ warmest }} 🌦️ é?' }\n  edges:"
WHOLE = EXPERIENCE.replace("  edges:", PROMPT).replace("to: report }", "to: ask, when: $.warmest != '🌦️' }")

DOCUMENTS = {
    "whole": WHOLE,
    "CRLF": WHOLE.replace("\n", "\r\n"),
    "CR": WHOLE.replace("\n", "\r"),
    "mixed breaks": WHOLE.replace("\n", "\r\n", 9).replace("- {", "\r    - {", 1),
    "byte order mark": f"\ufeff{WHOLE}",
    "odd signs": WHOLE.replace("weather", '"a\u2028b\x85c\U0001f469\u200d\U0001f680"'),
    "tabs": WHOLE.replace("      reads", "\t  reads"),
    "half typed": WHOLE.replace("      kind: tool\n", "      ki\n", 1).replace(
        "{ from: measure, to", "{ from: measure, t"
    ),
    "brackets left open": WHOLE.replace("to: compare }", "to: compare"),
    "quote left open": WHOLE.replace("'So {{", "'So {{ 'x {{"),
    "conflict": WHOLE.replace("  edges:", "<<<<<<< ours\n  edges:\n=======\n  edgs:\n>>>>>>> theirs"),
    "cut": WHOLE[: len(WHOLE) // 2],
    "nothing": "",
    "one sign": "🌦",
    "no mapping": "- a\n- b\n",
    "two documents": f"{WHOLE}---\n{WHOLE}",
}

Ask = Callable[[Editor, types.TextDocumentIdentifier, types.Position], Awaitable[Any]]
AT_A_POSITION: tuple[Ask, ...] = (
    lambda editor, it, at: editor.text_document_completion_async(types.CompletionParams(it, at)),
    lambda editor, it, at: editor.text_document_hover_async(types.HoverParams(it, at)),
    lambda editor, it, at: editor.text_document_definition_async(types.DefinitionParams(it, at)),
    lambda editor, it, at: editor.text_document_references_async(
        types.ReferenceParams(types.ReferenceContext(include_declaration=True), it, at)
    ),
    lambda editor, it, at: editor.text_document_document_highlight_async(types.DocumentHighlightParams(it, at)),
    lambda editor, it, at: editor.text_document_prepare_call_hierarchy_async(types.CallHierarchyPrepareParams(it, at)),
    lambda editor, it, at: editor.text_document_selection_range_async(types.SelectionRangeParams(it, [at])),
    lambda editor, it, at: editor.text_document_prepare_rename_async(types.PrepareRenameParams(it, at)),
)
OF_ALL: tuple[Ask, ...] = (
    lambda editor, it, _: editor.text_document_document_symbol_async(types.DocumentSymbolParams(it)),
    lambda editor, it, _: editor.text_document_folding_range_async(types.FoldingRangeParams(it)),
    lambda editor, it, _: editor.text_document_document_link_async(types.DocumentLinkParams(it)),
    lambda editor, it, _: editor.text_document_code_lens_async(types.CodeLensParams(it)),
)


@pytest.mark.parametrize("encoding", [pytest.param(name, marks=pytest.mark.long) for name in UNITS])
async def test_every_range_in_an_answer_lies_in_the_document(tmp_path: Path, encoding: str) -> None:
    async with Editor(tmp_path, encoding=encoding) as editor:
        for number, text in enumerate(DOCUMENTS.values()):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / "tools.py").write_text(TOOLS)
            uri = editor.open(f"{number}/experience.yaml", text)
            lengths = lengths_of_lines(text, encoding)
            answers = [await editor.diagnostics_of(uri), *await everything(editor, uri, lengths)]
            found = list(ranges(answers, uri))

            assert found
            assert [each for each in found if not lies_in(each, lengths)] == []
            assert not tokens_outside(await tokens(editor, uri), lengths)


async def everything(editor: Editor, uri: str, lengths: list[int]) -> list[Any]:
    """What is answered to every request, at the start and in the middle of every line."""
    it = types.TextDocumentIdentifier(uri)
    spots = [types.Position(line, length * part // 2) for line, length in enumerate(lengths) for part in range(2)]
    asked = [ask(editor, it, spot) for spot in spots for ask in AT_A_POSITION]
    asked += [ask(editor, it, types.Position(0, 0)) for ask in OF_ALL]
    return list(await asyncio.wait_for(asyncio.gather(*asked), SECONDS))


async def tokens(editor: Editor, uri: str) -> list[int]:
    params = types.SemanticTokensParams(types.TextDocumentIdentifier(uri))
    found = await asyncio.wait_for(editor.text_document_semantic_tokens_full_async(params), SECONDS)
    return list(found.data) if found else []


def lengths_of_lines(text: str, encoding: str) -> list[int]:
    """As editors count: lines end at LF, CR LF and CR alone."""
    codec, size = UNITS[encoding]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [len(line.encode(codec)) // size for line in lines]


def ranges(value: Any, uri: str) -> Iterator[types.Range]:
    """Every range of this document that is anywhere in an answer."""
    if isinstance(value, types.Range):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from ranges(each, uri)
    elif attrs.has(type(value)) and uri == getattr(value, "uri", getattr(value, "target_uri", uri)):
        for each in attrs.fields(type(value)):
            yield from ranges(getattr(value, each.name), uri)


def lies_in(range_: types.Range, lengths: list[int]) -> bool:
    return range_.start <= range_.end and all(
        place.line < len(lengths) and place.character <= lengths[place.line] for place in (range_.start, range_.end)
    )


def tokens_outside(data: list[int], lengths: list[int]) -> list[tuple[int, int, int]]:
    """The tokens that do not lie in one line, behind the one before."""
    line = character = end = 0
    outside = []
    for by_lines, by, length in zip(data[::5], data[1::5], data[2::5], strict=True):
        line, character = line + by_lines, by if by_lines else character + by
        end = 0 if by_lines else end
        if line >= len(lengths) or character < end or character + length > lengths[line] or not length:
            outside.append((line, character, length))
        end = character + length
    return outside
