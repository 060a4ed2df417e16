"""What is broken is confined: its siblings, and what can be read of itself, are still there."""

from __future__ import annotations

from typing import Any

import pytest

from engine.syntax import NodeKind, parse

BEFORE = "name: x\ngraph:\n  nodes:\n    - id: first\n      kind: tool\n"
AFTER = "    - id: last\n      kind: agent\n  edges:\n    - {from: first, to: last}\n"


def value_around(broken: str) -> Any:
    tree = parse(BEFORE + broken + AFTER)
    assert tree.problems
    for problem in tree.problems:
        assert len(BEFORE) <= problem.span.start < len(BEFORE + broken)
    assert tree.root is not None
    return tree.root.value


@pytest.mark.parametrize(
    ("broken", "node"),
    [
        ("    - id: a\n      ki\n      on: 1\n", {"id": "a", "ki": None, "on": 1}),
        ("    - id: a\n      kind: 'tool\n      on: 1\n", {"id": "a", "kind": None, "on": 1}),
        ("    - id: a\n      args: {b: 1, c: [2\n      on: 1\n", {"id": "a", "args": {"b": 1, "c": [2]}, "on": 1}),
        ("    - id: a\n      when: @x\n      on: 1\n", {"id": "a", "when": None, "on": 1}),
        ("    - id: a\n      when: a: b\n      on: 1\n", {"id": "a", "when": "a", "on": 1}),
        ("    - id: a\n      x: {{ y }} z\n      on: 1\n", {"id": "a", "x": {"{ y }": None}, "on": 1}),
        ("    - id: a\n\t  kind: tool\n", {"id": "a", "kind": "tool"}),
        ("    - id: a\n        kind: tool\n      on: 1\n", {"id": "a", "kind": "tool", "on": 1}),
        ("    - id: a\n     kind: tool\n", {"id": "a", "kind": "tool"}),
        ("    - id: a\n      reads:\n        - x\n        - 'y\n        - z\n", {"id": "a", "reads": ["x", None, "z"]}),
        (
            "    - id: a\n      args:\n        b: 1\n        c\n      on: 1\n",
            {"id": "a", "args": {"b": 1, "c": None}, "on": 1},
        ),
        ("    - {id: a, kind: \n", {"id": "a", "kind": None}),
    ],
)
def test_a_broken_node_keeps_what_is_whole_in_it_and_its_siblings(broken: str, node: Any) -> None:
    assert value_around(broken) == {
        "name": "x",
        "graph": {
            "nodes": [{"id": "first", "kind": "tool"}, node, {"id": "last", "kind": "agent"}],
            "edges": [{"from": "first", "to": "last"}],
        },
    }


def test_a_half_typed_key_at_the_top_leaves_the_rest() -> None:
    tree = parse("ver\n" + BEFORE + AFTER)
    assert tree.root is not None
    assert list(tree.root.value) == ["ver", "name", "graph"]


def test_a_key_without_a_value_is_there_without_a_view() -> None:
    tree = parse("a: 1\nki\nb:\n")
    assert tree.root is not None
    assert [(entry.key.text, entry.value is None) for entry in tree.root.entries()] == [
        ("a", False),
        ("ki", True),
        ("b", True),
    ]


def test_a_value_that_cannot_be_read_is_an_error_node_with_its_text() -> None:
    tree = parse("a: 'one\nb: 2\n")
    assert tree.root is not None
    value = tree.root.get("a")
    assert value is not None
    assert (value.kind, value.text, value.value) == (NodeKind.ERROR, "'one", None)


def test_every_node_of_a_large_file_survives_a_fault_in_each_place() -> None:
    nodes = [f"    - id: n{at}\n      kind: tool\n      args: {{x: {at}}}\n" for at in range(12)]
    for at in range(12):
        broken = [*nodes]
        broken[at] = broken[at].replace("kind: tool", "kind: [tool")
        tree = parse("graph:\n  nodes:\n" + "".join(broken))
        assert tree.root is not None
        assert [node["id"] for node in tree.root.value["graph"]["nodes"]] == [f"n{at}" for at in range(12)]
        assert len(tree.problems) == 1
