"""A line that is missing, or indented wrongly, is one mistake or two, however much it puts out of place."""

from __future__ import annotations

import pytest

from engine.experience.analyse import analyse
from engine.experience.problems import Problem, Severity

TEXT = """name: x
version: 1.0.0
state:
  schema:
    rows:
      type: array
      description: All of them
    title:
      type: string
      description: In a word
graph:
  nodes:
    - id: fetch
      kind: tool
      impl: ./a.py
      writes: [rows]
    - id: look
      kind: tool
      impl: ./a.py
      reads: [rows]
    - id: say
      kind: agent
      prompt: Say {{rows}}
      reads: [rows]
      writes: [title]
  edges:
    - { from: fetch, to: look }
    - { from: look, to: say }
"""


def found(text: str) -> list[tuple[str, str]]:
    """Code and first marked line of each error and warning."""
    return [(each.code.value, text[each.span.start :].split("\n", maxsplit=1)[0].strip()) for each in loud(text)]


def loud(text: str) -> list[Problem]:
    return [each for each in analyse(text).problems if each.severity in (Severity.ERROR, Severity.WARNING)]


def test_the_text_is_valid() -> None:
    assert found(TEXT) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("    - id: look\n", "", [("OE102", "kind: tool")]),
        ("    - id: look\n", "      id: look\n", [("OE102", "id: look")]),
        ("    - id: look\n", "   - id: look\n", [("OE101", "- id: look")]),
        ("    - id: fetch\n", "", [("OE202", "kind: tool"), ("OE101", "- id: look")]),
        ("    rows:\n", "", [("OE101", "title:")]),
        ("    title:\n", "", [("OE102", "type: string")]),
        ("      impl: ./a.py\n      writes", "     impl: ./a.py\n      writes", [("OE101", "impl: ./a.py")]),
    ],
)
def test_what_slipped_is_told_once(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert found(TEXT.replace(before, after, 1)) == expected


def test_the_keys_that_are_repeated_are_named_together_with_where_they_are_first() -> None:
    text = TEXT.replace("    - id: look\n", "")

    (problem,) = loud(text)

    assert problem.message.startswith("`kind`, `impl` are already in this mapping")
    assert [text[place.span.start : place.span.end] for place in problem.related] == ["kind", "impl"]


def test_one_key_that_is_repeated_hides_nothing() -> None:
    text = TEXT.replace("      reads: [rows]\n    - id: say", "      reads: [rows]\n      reads: [row]\n    - id: say")

    assert [code for code, _ in found(text)] == ["OE102", "OE401"]


def test_what_is_wrong_elsewhere_is_told_as_ever() -> None:
    text = TEXT.replace("    - id: look\n", "").replace("prompt: Say {{rows}}", "prompt: ''").replace("array", "aray")

    assert [code for code, _ in found(text)] == ["OE203", "OE102", "OE203"]
