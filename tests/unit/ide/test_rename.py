"""What a rename refuses, and how it writes names; test_references checks that it finds every occurrence."""

from __future__ import annotations

import pytest

from engine.experience.files.port import NO_FILES
from engine.syntax import parse
from oe_lsp.ide.rename import Refusal, Rename, apply_edits, renamable_at, rename
from tests.unit.ide.marked import at_cursor

TEXT = """\
state: { schema: { rows: {}, other: {} } }
graph:
  nodes:
    - id: lo$0ad
      kind: tool
      impl: ./load.py
      writes: [rows]
    - id: save
      kind: agent
      prompt: "{{ load }} {{tone}}"
      args: { tone: x }
  edges:
    - { from: load, to: save }
"""


def renamed(text: str, name: str) -> str:
    shot, offset = at_cursor(text)
    found = rename(shot, offset, name, NO_FILES)
    return found.message if isinstance(found, Refusal) else apply_edits(shot.text, found.here)


def test_a_name_that_is_taken_is_refused() -> None:
    assert renamed(TEXT, "save") == "`save` already exists. Choose another name."


@pytest.mark.parametrize("name", ["load-data", "two words", "tone", "", " ", 'a"b', "a: b", "ö"])
def test_a_name_that_is_invalid_or_taken_in_a_placeholder_is_refused(name: str) -> None:
    assert renamed(TEXT, name).endswith("Choose another name.")


def test_a_name_that_needs_quotes_is_quoted_as_a_plain_value() -> None:
    text = "graph:\n  nodes:\n    - { id: a$0, kind: tool }\n  edges: [{ from: a, to: 'a' }]\n"

    changed = renamed(text, "true")

    root = parse(changed).root
    assert root is not None
    assert root.value["graph"]["nodes"][0]["id"] == "true"
    assert root.value["graph"]["edges"] == [{"from": "true", "to": "true"}]


@pytest.mark.parametrize("text", [TEXT.replace("lo$0ad", "load").replace("./load", "./lo$0ad"), "name: a$0\n", "$0"])
def test_only_names_can_be_renamed(text: str) -> None:
    shot, offset = at_cursor(text)

    assert renamable_at(shot, offset) is None
    assert isinstance(rename(shot, offset, "x", NO_FILES), Refusal)


def test_the_renamable_span_is_just_the_name() -> None:
    shot, offset = at_cursor(TEXT.replace("lo$0ad", "load").replace("{{ load", "{{ lo$0ad"))
    span = renamable_at(shot, offset)

    assert span is not None
    assert shot.text[span.start - 3 : span.end + 3] == "{{ load }}"


def test_a_node_arg_is_renamed_in_its_own_node_only() -> None:
    text = (
        "graph:\n  nodes:\n"
        '    - { id: a, kind: agent, prompt: "{{tone}}", args: { tone: x } }\n'
        '    - { id: b, kind: agent, prompt: "{{tone}}", args: { to$0ne: x } }\n'
    )
    shot, offset = at_cursor(text)
    found = rename(shot, offset, "a_longer_name", NO_FILES)

    assert isinstance(found, Rename)
    assert apply_edits(shot.text, found.here).splitlines()[2:] == [
        '    - { id: a, kind: agent, prompt: "{{tone}}", args: { tone: x } }',
        '    - { id: b, kind: agent, prompt: "{{a_longer_name}}", args: { a_longer_name: x } }',
    ]


@pytest.mark.parametrize(
    "broken",
    [
        "    - from load\n      to: save\n",
        "    - 'from: load\n",
        "\t- { from: load, to: save }\n",
    ],
)
def test_a_name_in_unparsed_text_refuses_the_rename(broken: str) -> None:
    line = TEXT.count("\n") + 1

    assert renamed(TEXT + broken, "fetch") == f"Line {line} cannot be parsed and may refer to `load`. Fix it first."


@pytest.mark.parametrize(
    "broken",
    [
        "    - { from: load, to: \n",
        "    - from save\n      to: save\n",
        "# load\nx-a: [\n",
        "x-load: 'load'\nx-a: [\n",
    ],
)
def test_a_broken_part_without_the_name_allows_the_rename(broken: str) -> None:
    changed = renamed(TEXT + broken, "fetch")

    assert "id: fetch\n" in changed
    assert "{ from: load" not in changed
