"""What a rename refuses, and how it writes names; that it finds every place is in test_names."""

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


def test_a_name_that_exists_already_is_refused() -> None:
    assert renamed(TEXT, "save") == "`save` already exists. Choose another name."


@pytest.mark.parametrize("name", ["load-data", "two words", "tone", "", " ", 'a"b', "a: b", "ö"])
def test_a_name_that_cannot_stand_in_a_placeholder_or_is_taken_there_is_refused(name: str) -> None:
    assert renamed(TEXT, name).endswith("Choose another name.")


def test_a_name_that_needs_quotes_gets_them_where_it_stands_alone() -> None:
    text = "graph:\n  nodes:\n    - { id: a$0, kind: tool }\n  edges: [{ from: a, to: 'a' }]\n"

    changed = renamed(text, "true")

    root = parse(changed).root
    assert root is not None
    assert root.value["graph"]["nodes"][0]["id"] == "true"
    assert root.value["graph"]["edges"] == [{"from": "true", "to": "true"}]


@pytest.mark.parametrize("text", [TEXT.replace("lo$0ad", "load").replace("./load", "./lo$0ad"), "name: a$0\n", "$0"])
def test_what_is_no_name_cannot_be_renamed(text: str) -> None:
    shot, offset = at_cursor(text)

    assert renamable_at(shot, offset) is None
    assert isinstance(rename(shot, offset, "x", NO_FILES), Refusal)


def test_what_can_be_renamed_is_the_name_alone() -> None:
    shot, offset = at_cursor(TEXT.replace("lo$0ad", "load").replace("{{ load", "{{ lo$0ad"))
    span = renamable_at(shot, offset)

    assert span is not None
    assert shot.text[span.start - 3 : span.end + 3] == "{{ load }}"


def test_an_arg_is_renamed_in_its_own_node_behind_others() -> None:
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
def test_a_name_in_text_that_cannot_be_read_is_not_left_behind(broken: str) -> None:
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
def test_a_broken_part_that_does_not_hold_the_name_or_is_understood_hinders_no_rename(broken: str) -> None:
    changed = renamed(TEXT + broken, "fetch")

    assert "id: fetch\n" in changed
    assert "{ from: load" not in changed
