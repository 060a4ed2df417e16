"""A missing or wrongly indented line is reported once or twice, whatever else it displaces."""

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
def test_merged_items_are_reported_once(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert found(TEXT.replace(before, after, 1)) == expected


def test_duplicate_keys_are_listed_with_the_places_of_their_first_use() -> None:
    text = TEXT.replace("    - id: look\n", "")

    (problem,) = loud(text)

    assert problem.message.startswith("`kind`, `impl` are already in this mapping")
    assert [text[place.span.start : place.span.end] for place in problem.related] == ["kind", "impl"]


def test_a_single_duplicate_key_hides_no_other_problem() -> None:
    text = TEXT.replace("      reads: [rows]\n    - id: say", "      reads: [rows]\n      reads: [row]\n    - id: say")

    assert [code for code, _ in found(text)] == ["OE102", "OE401"]


def test_problems_elsewhere_are_still_reported() -> None:
    text = TEXT.replace("    - id: look\n", "").replace("prompt: Say {{rows}}", "prompt: ''").replace("array", "aray")

    assert [code for code, _ in found(text)] == ["OE203", "OE102", "OE203"]
