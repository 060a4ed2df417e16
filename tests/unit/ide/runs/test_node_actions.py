"""What can be done with the node on a line (oe_lsp/ide/runs/node_actions.py)."""

from __future__ import annotations

import pytest

from engine.experience import analyse
from engine.experience.files.port import NO_FILES
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.runs.node_actions import NodeActionKind, node_actions

TEXT = """\
name: x
graph:
  nodes:
    - id: plan
      kind: agent
      prompt: |
        Plan it.

        Now.

    - id: build
      kind: tool
      impl: ./build.py
    - kind: tool
  loops:
    - { id: again, body: build }
"""
SNAPSHOT = Snapshot("file:///x/experience.yaml", 1, TEXT, analyse(TEXT, None, NO_FILES))


@pytest.mark.parametrize(
    ("line", "node_id"),
    [(0, None), (2, None), (3, "plan"), (8, "plan"), (10, "build"), (12, "build"), (13, None), (15, "again")],
)
def test_they_are_those_of_the_vertex_on_the_line(line: int, node_id: str | None) -> None:
    assert {action.node_id for action in node_actions(SNAPSHOT, line)} == ({node_id} if node_id else set())


def test_only_what_has_a_prompt_previews_one_and_only_nodes_run_alone() -> None:
    agent, tool, loop = (list(node_actions(SNAPSHOT, line)) for line in (3, 10, 15))

    assert [action.kind is NodeActionKind.PREVIEW for action in (agent[-1], tool[-1], loop[-1])] == [True, False, False]
    assert [action.option for action in tool] == ["from", "isolated", "rerun", "accept", "from"]
    assert [action.option for action in loop] == ["from", "rerun", "accept", "from"]
