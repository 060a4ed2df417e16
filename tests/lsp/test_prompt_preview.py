"""`oe.previewPrompt` over a real server: the prompt as typed, with the values of the shown run."""

from __future__ import annotations

from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from engine.log.events.events import ExperienceRef, NodeCompleted, Output, RunStarted, RunStatus
from oe_lsp.server.transport.uris import path_of
from tests.lsp.editor import Editor
from tests.support.written_runs import WrittenRun

TEXT = """\
name: report
version: 1.0.0
state:
  schema:
    notes: { type: string }
    text: { type: string }
graph:
  nodes:
    - { id: look, kind: tool, impl: ./look.py, writes: [notes] }
    - { id: write, kind: agent, prompt: prompts/write.md, reads: [notes], writes: [text] }
  edges: [{ from: look, to: write }]
"""
KEY = "sk-ant-a-key-of-the-environment"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An experience with a run that got as far as `look`."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "write.md").write_text("Saved: {{notes}}\n")
    (tmp_path / "look.py").write_text("def run(_): ...\n")
    (tmp_path / "experience.yaml").write_text(TEXT)
    experience = ExperienceRef("report", "1.0.0", str(tmp_path / "experience.yaml"))
    run = WrittenRun(tmp_path).write(RunStarted(experience=experience, nodes=("look", "write")))
    run.write(NodeCompleted(node_id="look", attempt_id="a", output=Output({"notes": "a river"}), duration_ms=1))
    run.finish(RunStatus.CANCELLED).close()
    return tmp_path


def read(uri: str) -> str:
    path = path_of(uri)
    assert path is not None
    return path.read_text(encoding="utf-8")


async def test_the_prompt_is_the_one_in_the_editor_with_the_values_of_the_run(folder: Path) -> None:
    async with Editor(folder, env={"ANTHROPIC_API_KEY": KEY}) as editor:
        uri = editor.open(text=TEXT.replace("kind: agent,", "kind: agent, system: Be brief., max_tokens: 77,"))
        editor.open("prompts/write.md", f"Typed: {{{{notes}}}} {{{{later}}}} {KEY}\n", "markdown")
        await editor.until_hints(uri, lambda hints: hints == ["✓ 1 ms"])

        opened = (await editor.execute("oe.previewPrompt", uri, "write"))["uri"]

        document = read(opened)
        assert "```text\nTyped: a river {{later}} ***\n\n```" in document
        assert "## System\n\n```text\nBe brief.\n```" in document
        assert "- max_tokens: `77`" in document
        assert "- {{later}} is not an input of the node and stays as it is" in document

        with pytest.raises(JsonRpcException, match="look is of kind tool, which sends no prompt"):
            await editor.execute("oe.previewPrompt", uri, "look")
        with pytest.raises(JsonRpcException, match="There is no node gone, or it has errors"):
            await editor.execute("oe.previewPrompt", uri, "gone")
