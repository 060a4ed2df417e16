"""Plans from the planner process (oe_lsp/runs/planner.py)."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from oe_lsp.runs.planner import Planner, PlanRefusedError
from tests.support.commands import OE, call

EXPERIENCE = """\
name: notes
version: 1.0.0
state: { schema: { pages: { type: array, default: [1, 2] } } }
graph:
  nodes:
    - { id: first, kind: tool, impl: "./tools.py:work", uses: [note.md] }
    - { id: second, kind: tool, impl: "./tools.py:fails", uses: [note.md], for_each: { source: $.pages } }
  edges:
    - { from: first, to: second }
"""


@pytest.fixture
async def planner() -> AsyncIterator[Planner]:
    planner = Planner()
    yield planner
    await planner.close()


@pytest.fixture
def experience(tmp_path: Path) -> Path:
    (tmp_path / "experience.yaml").write_text(EXPERIENCE)
    (tmp_path / "tools.py").write_text("def work(_):\n    return {}\n\n\ndef fails(_):\n    raise ValueError('no')\n")
    (tmp_path / "note.md").write_text("saved")
    call([*OE, "run"], tmp_path)
    return tmp_path / "experience.yaml"


async def test_a_plan_is_about_what_is_typed_and_nothing_is_written(planner: Planner, experience: Path) -> None:
    note = experience.parent / "note.md"

    saved = await planner.plan(experience, "latest", {note: "saved"})
    typed = await planner.plan(experience, "latest", {note: "typed"})
    back = await planner.plan(experience, "latest", {})

    assert [(node.answer, node.fails_again) for node in saved.nodes] == [("restored", False), ("will run", True)]
    assert [(node.answer, node.fails_again) for node in typed.nodes] == [
        ("will run", False),
        ("will run if its predecessors succeed", False),
    ]
    assert typed.nodes[0].changes == (("uses note.md", 'uses note.md: "saved" → "typed"'),)
    assert back == saved
    assert saved.digest != typed.digest
    assert note.read_text() == "saved"


async def test_a_planner_that_was_killed_is_started_again(planner: Planner, experience: Path) -> None:
    before = await planner.plan(experience, "latest", {})
    process = planner._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()

    assert await planner.plan(experience, "latest", {}) == before


async def test_what_cannot_be_planned_is_refused_in_words(planner: Planner, experience: Path) -> None:
    with pytest.raises(PlanRefusedError, match="has errors"):
        await planner.plan(experience, "latest", {experience: "name: 1"})
    with pytest.raises(PlanRefusedError, match="run log not found"):
        await planner.plan(experience, "00000000", {})
    with pytest.raises(PlanRefusedError, match="does not exist"):
        await planner.plan(experience.parent / "gone" / "experience.yaml", "latest", {})
