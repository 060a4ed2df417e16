"""Problems are underlined exactly where they are, in each position encoding."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp.conftest import EXPERIENCE, TOOLS
from tests.lsp.editor import Editor

EDGE = '    - { from: "🌦️é compare", to: reprot }'
UNKNOWN_NODES = EXPERIENCE.replace("    - { from: compare, to: report }", EDGE)


@pytest.fixture(autouse=True)
def _tools(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(TOOLS)


def places(diagnostics: Sequence[types.Diagnostic]) -> list[tuple[object, int, int, int]]:
    return [
        (found.code, found.range.start.line, found.range.start.character, found.range.end.character)
        for found in diagnostics
    ]


@pytest.mark.parametrize(
    ("encoding", "from_", "to"),
    [("utf-8", (14, 33), (39, 45)), ("utf-16", (14, 28), (34, 40)), ("utf-32", (14, 27), (33, 39))],
)
async def test_unknown_ids_are_underlined_in_the_clients_encoding(
    tmp_path: Path, encoding: str, from_: tuple[int, int], to: tuple[int, int]
) -> None:
    (tmp_path / "experience.yaml").write_text(UNKNOWN_NODES)
    line = UNKNOWN_NODES.splitlines().index(EDGE)

    async with Editor(tmp_path, encoding=encoding) as editor:
        found = await editor.diagnostics_of(editor.open())

    assert places(found) == [("OE302", line, *from_), ("OE302", line, *to)]


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 39), ("utf-16", 34), ("utf-32", 33)])
async def test_changes_are_applied_in_the_clients_encoding(tmp_path: Path, encoding: str, column: int) -> None:
    (tmp_path / "experience.yaml").write_text(UNKNOWN_NODES)
    line = UNKNOWN_NODES.splitlines().index(EDGE)

    async with Editor(tmp_path, encoding=encoding) as editor:
        uri = editor.open()
        await editor.diagnostics_of(uri)
        document = types.VersionedTextDocumentIdentifier(99, uri)
        word = types.Range(types.Position(line, column), types.Position(line, column + 6))
        changes = [types.TextDocumentContentChangePartial(word, new) for new in ("nobody", "report")]
        editor.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))
        (found,) = await editor.diagnostics_of(uri, 99)

    assert "🌦️é compare" in found.message


async def test_a_diagnostic_has_a_message_a_range_and_a_page(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text(EXPERIENCE.replace("to: report }", "to: reprot }"))

    async with Editor(tmp_path) as editor:
        uri = editor.open()
        (found,) = await editor.diagnostics_of(uri)

    assert (found.code, found.source, found.severity) == ("OE302", "oe", types.DiagnosticSeverity.Error)
    assert "reprot" in found.message
    assert found.code_description is not None
    assert found.code_description.href.endswith("/docs/diagnostics/OE302.md")


async def test_a_duplicate_id_has_the_first_one_as_related_information(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text(EXPERIENCE.replace("id: report", "id: measure"))

    async with Editor(tmp_path) as editor:
        uri = editor.open()
        found = await editor.diagnostics_of(uri)

    (duplicate,) = [each for each in found if each.code == "OE301"]
    (related,) = duplicate.related_information or []
    assert related.location.uri == uri
    assert related.location.range.start.line == EXPERIENCE.splitlines().index("    - id: measure")


async def test_the_last_of_many_edits_is_checked(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text(EXPERIENCE)

    async with Editor(tmp_path) as editor:
        uri = editor.open()
        for number in range(20):
            editor.change(uri, EXPERIENCE.replace("to: report }", f"to: node{number} }}"))
        last = editor.change(uri, EXPERIENCE)

        assert await editor.diagnostics_of(uri, last) == ()
        versions = [params.version or 0 for params in editor.published]
        assert versions == sorted(versions)


async def test_closing_a_file_clears_its_problems(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text("name: [\n")

    async with Editor(tmp_path) as editor:
        uri = editor.open()
        assert await editor.diagnostics_of(uri)

        editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
        await editor.until(lambda: editor.published[-1].diagnostics == ())


async def test_only_experiences_are_checked_and_have_lenses(tmp_path: Path) -> None:
    async with Editor(tmp_path) as editor:
        others = [editor.open(name, "name: [\n") for name in ("some.yaml", "my-experience.yaml")]
        experiences = [
            editor.open("deep/er/experience.yml", "name: [\n"),
            editor.open("other.yaml", "name: [\n", "oe-experience"),
            editor.open("experience.yaml", "name: [\n"),
        ]
        for uri in experiences:
            await editor.diagnostics_of(uri)

        assert {params.uri for params in editor.published} == set(experiences)
        assert all([await editor.lenses(uri) for uri in experiences])
        assert not any([await editor.lenses(uri) for uri in others])


async def test_a_unicode_line_separator_shifts_no_range(tmp_path: Path) -> None:
    text = textwrap.dedent("""\
        name: "one\u2028two"
        version: 1.0.0
        runtime:
          concurrency: many
        graph:
          nodes: []
        """)

    async with Editor(tmp_path) as editor:
        found = await editor.diagnostics_of(editor.open(text=text))

    assert ("OE202", 3, 15, 19) in places(found)


async def test_a_setting_overrides_the_severity_of_a_code(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text(UNKNOWN_NODES.replace("writes: [warmest]", "writes: [warmst]"))
    settings = {"diagnostics": {"severity": {"OE302": "hint", "OE401": "off"}}}

    async with Editor(tmp_path, settings=settings) as editor:
        found = await editor.diagnostics_of(editor.open())

    assert {(each.code, each.severity) for each in found} == {("OE302", types.DiagnosticSeverity.Hint)}


async def test_a_missing_file_is_found_after_a_save(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text(EXPERIENCE.replace("./tools.py:report", "./more.py"))

    async with Editor(tmp_path) as editor:
        uri = editor.open()
        assert [each.code for each in await editor.diagnostics_of(uri)] == ["OE601"]

        (tmp_path / "more.py").write_text("def run(given): ...\n")
        saved = types.TextDocumentIdentifier(editor.uri("more.py"))
        editor.text_document_did_save(types.DidSaveTextDocumentParams(saved))
        await editor.until(lambda: editor.published[-1].diagnostics == ())


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 48), ("utf-16", 43), ("utf-32", 42)])
async def test_a_problem_in_a_nested_file_is_shown_at_its_name_until_the_file_is_mended(
    tmp_path: Path, encoding: str, column: int
) -> None:
    edge = '    - { x-sign: "🌦️é", from: compare, to: reprot }'
    inner = tmp_path / "inner" / "experience.yaml"
    inner.parent.mkdir()
    (inner.parent / "tools.py").write_text(TOOLS)
    inner.write_text(EXPERIENCE.replace("    - { from: compare, to: report }", edge), encoding="utf-8-sig")
    outer = EXPERIENCE.replace("kind: tool\n      impl: ./tools.py:report", "kind: experience\n      impl: ./inner")

    async with Editor(tmp_path, encoding=encoding) as editor:
        uri = editor.open(text=outer)
        (found,) = await editor.diagnostics_of(uri)
        (related,) = found.related_information or []

        assert places([found]) == [("OE606", outer.splitlines().index("      impl: ./inner"), 12, 19)]
        assert related.location.uri == editor.uri("inner/experience.yaml")
        line = EXPERIENCE.splitlines().index("    - { from: compare, to: report }")
        assert related.location.range == types.Range(
            types.Position(line, column), types.Position(line, column + len("reprot"))
        )

        inner.write_text(EXPERIENCE)
        saved = types.TextDocumentIdentifier(editor.uri("inner/experience.yaml"))
        editor.text_document_did_save(types.DidSaveTextDocumentParams(saved))
        await editor.until(lambda: editor.published[-1].diagnostics == ())


async def test_unsaved_text_of_a_nested_file_counts_until_the_file_is_closed(
    tmp_path: Path,
) -> None:
    inner = tmp_path / "inner" / "experience.yaml"
    inner.parent.mkdir()
    (inner.parent / "tools.py").write_text(TOOLS)
    inner.write_text(EXPERIENCE)
    outer = EXPERIENCE.replace("kind: tool\n      impl: ./tools.py:report", "kind: experience\n      impl: ./inner")

    async with Editor(tmp_path) as editor:

        def told_of_outer() -> list[list[object]]:
            return [[each.code for each in told.diagnostics] for told in editor.published if told.uri == uri]

        uri = editor.open(text=outer)
        assert await editor.diagnostics_of(uri) == ()

        nested = editor.open("inner/experience.yaml")
        editor.change(nested, EXPERIENCE.replace("to: report", "to: reprot"))
        await editor.until(lambda: told_of_outer()[-1] == ["OE606"])

        editor.change(nested, EXPERIENCE)
        await editor.until(lambda: told_of_outer()[-1] == [])

        editor.change(nested, EXPERIENCE.replace("to: report", "to: reprot"))
        await editor.until(lambda: told_of_outer()[-1] == ["OE606"])
        editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(nested)))
        await editor.until(lambda: told_of_outer()[-1] == [])
