"""What tools and prompts receive from their pipeline or loop (docs/format.md, References and placeholders)."""

from __future__ import annotations

import pytest

from engine.experience.model import Kind, Node, ToolSpec
from engine.nodes.kind import Work, WorkItem, WorkLoop
from engine.nodes.prompts import fill_prompt
from engine.nodes.tool import tool_input
from tests.unit.nodes.conftest import RecordingWatcher

NODE = Node("node", Kind.TOOL, ToolSpec("a.py"), source={})
STAGE = Work(NODE, "attempt", {}, {}, {}, {}, item=WorkItem({"id": 7}, 2), pipeline="rows")
ITERATION = Work(NODE, "attempt", {}, {}, {}, {}, loop=WorkLoop("polishing", 3))


@pytest.mark.parametrize(
    ("work", "given"),
    [
        (STAGE, {"$item": {"id": 7}, "$index": 2, "$pipeline": "rows"}),
        (ITERATION, {"$iter": 3, "$loop": "polishing"}),
    ],
    ids=["a stage", "an iteration"],
)
def test_a_tool_gets_them_beside_its_args(work: Work, given: dict[str, object]) -> None:
    assert tool_input(work) == given | {"_args": {}, "_state": {}, "_edge_inputs": {}}


@pytest.mark.parametrize(
    ("work", "prompt", "filled"),
    [
        (STAGE, "{{$item.id}} at {{$index}} of {{$pipeline}}", "7 at 2 of rows"),
        (ITERATION, "{{$iter}} of {{$loop}}", "3 of polishing"),
    ],
    ids=["a stage", "an iteration"],
)
def test_a_prompt_names_them(work: Work, prompt: str, filled: str, watcher: RecordingWatcher) -> None:
    assert fill_prompt(prompt, work, watcher) == filled
    assert watcher.warnings == []


def test_outside_of_a_loop_its_names_stay_as_they_are_with_a_warning(watcher: RecordingWatcher) -> None:
    assert fill_prompt("{{$iter}}", STAGE, watcher) == "{{$iter}}"
    assert len(watcher.warnings) == 1
