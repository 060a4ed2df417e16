"""Clients that pull diagnostics get them when they ask, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp.conftest import EXPERIENCE, TOOLS
from tests.lsp.editor import Editor

WRONG = EXPERIENCE.replace("to: report }", "to: reprot }")


@pytest.fixture(autouse=True)
def _tools(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(TOOLS)


def asking() -> types.ClientCapabilities:
    return types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities()),
        workspace=types.WorkspaceClientCapabilities(
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
        ),
    )


def full(report: types.DocumentDiagnosticReport) -> tuple[list[str], str]:
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    assert report.result_id is not None
    return [str(found.code) for found in report.items], report.result_id


async def test_a_pull_has_the_problems_of_the_newest_text_and_nothing_is_pushed(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=asking()) as editor:
        uri = editor.open(text=EXPERIENCE)
        editor.change(uri, WRONG)

        codes, _ = full(await editor.pull(uri))

        assert codes == ["OE302"]
        assert editor.published == []


async def test_an_unchanged_report_is_not_sent_again(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=asking()) as editor:
        uri = editor.open(text=WRONG)
        _, first = full(await editor.pull(uri))
        editor.change(uri, WRONG + "\n# a remark at the end\n")

        again = await editor.pull(uri, first)

        assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
        assert again.result_id == first


async def test_an_edit_that_changes_the_problems_gives_a_new_report(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=asking()) as editor:
        uri = editor.open(text=WRONG)
        _, first = full(await editor.pull(uri))
        editor.change(uri, EXPERIENCE)

        codes, second = full(await editor.pull(uri, first))

        assert (codes, second != first) == ([], True)


async def test_diagnostics_are_refreshed_when_a_missing_file_appears(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=asking()) as editor:
        uri = editor.open(text=EXPERIENCE.replace("./tools.py:report", "./more.py"))
        assert full(await editor.pull(uri))[0] == ["OE601"]

        (tmp_path / "more.py").write_text("def run(given): ...\n")
        saved = types.TextDocumentIdentifier(editor.uri("more.py"))
        editor.text_document_did_save(types.DidSaveTextDocumentParams(saved))
        await editor.until(lambda: editor.diagnostic_refresh_count)

        assert full(await editor.pull(uri))[0] == []


async def test_diagnostics_are_refreshed_when_the_settings_change(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=asking()) as editor:
        uri = editor.open(text=WRONG)
        _, first = full(await editor.pull(uri))

        settings = {"oe": {"diagnostics": {"severity": {"OE302": "off"}}}}
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        await editor.until(lambda: editor.diagnostic_refresh_count)

        assert full(await editor.pull(uri, first))[0] == []


async def test_other_documents_have_no_problems(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=asking()) as editor:
        report = await editor.pull(editor.open("other.yaml", "name: [\n"))

        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert list(report.items) == []


def who_cannot_be_told_to_ask_again(*, listens: bool) -> types.ClientCapabilities:
    told = types.PublishDiagnosticsClientCapabilities() if listens else None
    return types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(
            diagnostic=types.DiagnosticClientCapabilities(), publish_diagnostics=told
        )
    )


async def test_a_client_without_refresh_gets_changes_of_files_and_settings_pushed(tmp_path: Path) -> None:
    capabilities = who_cannot_be_told_to_ask_again(listens=True)
    text = EXPERIENCE.replace("./tools.py:report", "./more.py").replace("to: compare }", "to: compar }")
    async with Editor(tmp_path, capabilities=capabilities) as editor:
        uri = editor.open(text=text)
        assert [each.code for each in await editor.diagnostics_of(uri)] == ["OE601", "OE302"]

        (tmp_path / "more.py").write_text("def run(given): ...\n")
        saved = types.TextDocumentIdentifier(editor.uri("more.py"))
        editor.text_document_did_save(types.DidSaveTextDocumentParams(saved))
        await editor.until(lambda: [each.code for each in editor.published[-1].diagnostics] == ["OE302"])

        settings = {"oe": {"diagnostics": {"severity": {"OE302": "off"}}}}
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        await editor.until(lambda: editor.published[-1].diagnostics == ())

        assert not editor.pulls_diagnostics


async def test_a_client_without_push_can_pull_without_refresh(tmp_path: Path) -> None:
    async with Editor(tmp_path, capabilities=who_cannot_be_told_to_ask_again(listens=False)) as editor:
        codes, _ = full(await editor.pull(editor.open(text=WRONG)))

        assert codes == ["OE302"]
        assert editor.published == []
