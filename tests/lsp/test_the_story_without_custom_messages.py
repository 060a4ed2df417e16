"""From an empty folder to a resumed run, by a client that knows nothing but LSP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from oe_lsp.server.transport.uris import path_of
from tests.lsp.editor import Editor
from tests.standins import messages_api
from tests.standins.messages_api import MessagesApi
from tests.support.commands import OE, call

BROKEN = 'return {"state_delta": {}, "edge_output": given["mood"]}'
MENDED = '''\
"""Waits for the pipe `gate`, so that somebody can look while it runs."""

from pathlib import Path


def run(given):
    (Path(__file__).parent / "gate").read_text()
    return {"state_delta": {}, "edge_output": given["_state"]["mood"].upper()}
'''


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi(messages_api.tool_use({"mood": "mixed", "reasons": ["fast", "the installer failed"]})) as started:
        yield started


class Project:
    """The files of an experience, as an editor without `oe/saveFiles` has them: typed, then saved by the user."""

    def __init__(self, editor: Editor, folder: Path) -> None:
        self.editor = editor
        self.folder = folder

    def open(self, name: str, language: str) -> str:
        return self.editor.open(f"{self.folder.name}/{name}", language=language)

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def save(self, name: str, text: str) -> None:
        uri = (self.folder / name).as_uri()
        self.editor.change(uri, text)
        (self.folder / name).write_text(text)
        self.editor.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))


def published(editor: Editor, uri: str) -> list[types.Diagnostic]:
    """The diagnostics published last for a document."""
    return next((list(each.diagnostics) for each in reversed(editor.published) if each.uri == uri), [])


async def test_from_an_empty_folder_to_a_resumed_run(tmp_path: Path, api: MessagesApi) -> None:
    assert call([*OE, "init", "hello", "--template", "agent"], tmp_path).code == 0
    environment = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "sk-of-this-test"}

    async with Editor(tmp_path, trusted=None, events=None, answer="Run", env=environment) as editor:
        project = Project(editor, tmp_path / "hello")
        report, prompt = "tools/report.py", "prompts/judge.md"
        uri, tool = project.open("experience.yaml", "yaml"), project.open(report, "python")
        typed = project.open(prompt, "markdown")
        text = project.text("experience.yaml")
        line = text.splitlines().index("    - id: report")

        # A mistake is underlined, until it is corrected
        editor.change(uri, text.replace("to: report }", "to: reprot }"))
        await editor.until(lambda: [each.code for each in published(editor, uri)] == ["OE302"])
        editor.change(uri, text)
        await editor.until(lambda: not published(editor, uri))

        # A code action runs it, once the user allows that; a node fails
        project.save(report, project.text(report).partition("    state =")[0] + f"    {BROKEN}\n")
        started = await editor.click(await editor.action(uri, "▶ Run"))
        await editor.until(lambda: editor.messages)
        assert editor.messages[-1].message.startswith(f"Run {started['runId'][:8]} of hello failed at report: ")
        assert editor.questions[0].startswith(f"Run code in {project.folder}?")

        # A command without arguments does the same, and asks no more
        failed = (await editor.execute("oe.runExperience"))["runId"][:8]
        await editor.until(lambda: len(editor.messages) == 2)
        assert editor.messages[-1].message.startswith(f"Run {failed} of hello failed at report: ")
        assert len(editor.questions) == 1

        # The failure is a diagnostic at the node, and at the line of its tool
        await editor.until(lambda: failed in str(published(editor, uri)) and failed in str(published(editor, tool)))
        (at_node,), (in_tool,) = published(editor, uri), published(editor, tool)
        assert (at_node.code, in_tool.code, at_node.range.start.line) == ("OE701", "OE701", line)
        assert project.text(report).splitlines()[in_tool.range.start.line].strip() == BROKEN
        assert in_tool.message == at_node.message.replace("Failed", "report failed")
        assert at_node.message.startswith(f"Failed in run {failed}: KeyError: 'mood'")

        # When the tool is mended, the failure goes, and the lens says what will be restored
        os.mkfifo(project.folder / "tools" / "gate")
        project.save(report, MENDED)
        await editor.until(lambda: not published(editor, uri) and not published(editor, tool))
        told = f"▶ Resume run {failed} · failed at report · just now · 1 restored, 1 run · saves "
        await editor.until_lens(uri, told)
        await editor.until_hints(uri, lambda hints: [hint[0] for hint in hints] == ["✓", "✗"])

        # As a prompt is typed, the hint turns stale
        editor.change(typed, project.text(prompt) + "Be brief.\n")
        stale = await editor.until_hints(uri, lambda hints: hints[0].startswith("≋"))
        assert stale[0] == "≋ would run again: prompt prompts/judge.md changed"
        await editor.until_lens(uri, f"▶ Resume run {failed} · failed at report · just now · 0 restored, 1–2 run")  # noqa: RUF001
        editor.change(typed, project.text(prompt))
        await editor.until_lens(uri, told)

        # A code action resumes it, and the hints follow
        asked = len(api.requests)
        resumed = (await editor.click(await editor.action(uri, f"▶ Resume run {failed}")))["runId"][:8]
        running = await editor.until_hints(uri, lambda hints: [hint[0] for hint in hints] == ["↺", "⟳"])
        assert running[0] == "↺ restored"
        await editor.until_lens(uri, f"■ Cancel run {resumed} · 1/2 nodes · 1 cached")
        await asyncio.to_thread((project.folder / "tools" / "gate").write_text, "go")
        await editor.until_hints(uri, lambda hints: [hint[0] for hint in hints] == ["↺", "✓"])
        await editor.until(lambda: len(editor.messages) == 3)
        assert editor.messages[-1].message.startswith(f"Run {resumed} of hello succeeded: 1 cached, 1 completed")
        assert len(api.requests) == asked
        await editor.until_lens(uri, f"▶ Resume run {resumed} · succeeded")

        # A hover shows the outputs
        at = types.Position(text.splitlines().index("    - id: judge"), 10)
        hover = await editor.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(uri), at))
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        assert "the installer failed" in hover.contents.value
        assert f"{resumed}" in hover.contents.value

        # A prompt is previewed as a file
        shown = await editor.click(await editor.action(uri, "Preview the prompt of judge", at.line))
        preview = path_of(shown["uri"])
        assert preview is not None
        assert "the installer failed twice on my laptop" in preview.read_text()

        # One node is run alone, on what it last received
        alone = await editor.click(await editor.action(uri, "Run only report", line))
        await asyncio.to_thread((project.folder / "tools" / "gate").write_text, "go")
        await editor.until(lambda: len(editor.messages) > 3)
        assert f"Run {alone['runId'][:8]} of hello succeeded: 1 completed" in editor.messages[-1].message
        assert len(api.requests) == asked
        assert await editor.action(uri, f"▶ Resume run {resumed}")

        # What it put out is opened beside what it had put out before
        await editor.until(lambda: f"only-{alone['runId'][:8]}.md" in editor.shown_documents[-1].uri)
        result = path_of(editor.shown_documents[-1].uri)
        assert result is not None
        assert f"report put out the same as in run {resumed}:" in result.read_text()

        assert editor.methods <= types.METHOD_TO_TYPES.keys()
        assert editor.methods >= {types.WINDOW_SHOW_MESSAGE, types.PROGRESS, types.WORKSPACE_INLAY_HINT_REFRESH}
