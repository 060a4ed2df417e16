"""What the text of an experience shows of its runs: the plan in the lens, the status at each node."""

from __future__ import annotations

from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import Weather
from tests.lsp.editor import Editor


def _signs(hints: list[str]) -> str:
    return "".join(hint[0] for hint in hints)


async def test_the_story_of_a_failed_run_is_told_in_the_text(weather: Weather) -> None:
    failed = weather.oe("run")

    async with Editor(weather.folder, answer="Resume") as editor:
        uri, resume = editor.open(), f"▶ Resume run {failed[:8]} · failed at compare · just now"
        await editor.until_lens(uri, f"{resume} · 1 restored, 1\u20132 run")
        hints = await editor.until_hints(uri, lambda hints: _signs(hints) == "✓✗○")
        assert hints[1].startswith("✗ FileNotFoundError")

        # Typed, not saved: a tool that made what would be restored.
        tools = editor.open("tools.py", (weather.folder / "tools.py").read_text().replace("[3, 7]", "[3, 8]"), "python")
        stale = await editor.until_hints(uri, lambda hints: hints[0].startswith("≋"))
        assert stale[0] == "≋ would run again: impl tools.py changed"
        await editor.until_lens(uri, f"{resume} · 0 restored, 1\u20133 run")

        editor.change(tools, (weather.folder / "tools.py").read_text())
        await editor.until_hints(uri, lambda hints: _signs(hints) == "✓✗○")

        weather.mend()  # behind the editor's back, so the lens tells an old plan
        await editor.click(await editor.lens(uri, f"▶ Resume run {failed[:8]}"))
        await editor.until(lambda: editor.questions)
        told = f"The plan of resuming run {failed[:8]} has changed: now 1 restored, 1\u20132 run · saves "
        assert editor.questions[0].startswith(told)
        done = await editor.until_hints(uri, lambda hints: _signs(hints) == "↺✓✓")
        assert done[0] == "↺ restored"


async def test_a_node_that_runs_shows_since_when_and_a_person_chooses_what_is_shown(weather: Weather) -> None:
    failed = weather.oe("run")
    weather.mend().hold()

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        await editor.until_hints(uri, lambda hints: _signs(hints) == "✓✗○")
        resumed = (await editor.execute("oe.resumeRun", uri, failed))["runId"]
        running = await editor.until_hints(uri, lambda hints: _signs(hints) == "↺⟳")
        assert running[1].startswith("⟳ 0 s")

        await editor.execute("oe.showRun", uri, failed)
        await editor.until_hints(uri, lambda hints: _signs(hints) == "✓✗○")
        await editor.execute("oe.showRun", uri, None)
        await editor.until_hints(uri, lambda hints: not hints)
        await editor.execute("oe.showRun", uri, "latest")
        await editor.until_hints(uri, lambda hints: _signs(hints) == "↺⟳")

        weather.release()
        await editor.until_hints(uri, lambda hints: _signs(hints) == "↺✓✓")
        # Its log is gone while it is shown: then the one before it is the newest.
        weather.log(resumed).unlink()
        await editor.until_hints(uri, lambda hints: _signs(hints) == "✓✗○")


async def test_why_opens_the_plan_as_a_document(weather: Weather, tmp_path: Path) -> None:
    failed = weather.oe("run")

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        await editor.until_lens(uri, "Why?")
        shown = await editor.click(await editor.lens(uri, "Why?"))

    (plan,) = (tmp_path / "state" / "documents").glob("plan-*")
    assert shown["uri"] == plan.as_uri()
    text = plan.read_text()
    assert f"# Plan: resume run {failed[:8]} of `weather`" in text
    assert "failed in the original run" in text


async def test_no_plan_is_made_in_an_untrusted_workspace(weather: Weather) -> None:
    failed = weather.oe("run")

    async with Editor(weather.folder, trusted=False) as editor:
        uri = editor.open()
        await editor.until_hints(uri, lambda hints: _signs(hints) == "✓✗○")
        resume = await editor.lens(uri, "▶ Resume run")
        assert "restored" not in resume.title
        assert resume.title.endswith("(not in an untrusted workspace)")
        with pytest.raises(JsonRpcException, match="not trusted"):
            await editor.ask("oe/plan", uri=uri, runId=failed)


async def test_each_agent_has_a_lens_that_previews_its_prompt(tmp_path: Path) -> None:
    text = """\
name: greeting
version: 1.0.0
state: { schema: { text: { type: string } } }
graph:
  nodes:
    - id: greet
      kind: agent
      prompt: Say hello in one word.
      writes: [text]
    - { id: show, kind: tool, impl: "./show.py" }
  edges: [{ from: greet, to: show }]
"""
    (tmp_path / "experience.yaml").write_text(text)

    async with Editor(tmp_path) as editor:
        uri = editor.open()
        (lens,) = [lens for lens in await editor.lenses(uri) if lens.command and lens.command.title == "Preview prompt"]
        assert text.splitlines()[lens.range.start.line] == "    - id: greet"
        shown = await editor.click(lens.command)

    (preview,) = (tmp_path / "state" / "documents").iterdir()
    assert shown["uri"] == preview.as_uri()
    assert "Say hello in one word." in preview.read_text()
