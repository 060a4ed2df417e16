"""Definitions of `$item` and the like, and of aliases."""

from __future__ import annotations

import pytest

from engine.experience.files.port import NO_FILES
from oe_lsp.ide.navigation import definitions
from tests.unit.ide.marked import at_cursor

TEXT = """\
graph:
  nodes:
    - { id: split, kind: agent, prompt: "{{ $item.title }} {{ $pipeline }}" }
    - { id: each, kind: agent, prompt: "{{ $index }}", for_each: { source: $.rows } }
    - { id: body, kind: agent, prompt: "{{ $iter }} {{ $loop }}" }
    - { id: alone, kind: agent, prompt: "{{ $item }} {{ $iter }}" }
  pipelines:
    - { id: line, items: $.pages, stages: [each2, split] }
  loops:
    - { id: again, body: body, until: $iter > 3 }
"""


def led_to(text: str) -> list[tuple[str, str]]:
    """What the cursor is on, and what that leads to."""
    shot, offset = at_cursor(text)
    found = definitions(shot, offset, NO_FILES)
    return [(shot.text[to.origin.start : to.origin.end], shot.text[to.name.start : to.name.end]) for to in found]


@pytest.mark.parametrize(
    ("before", "at", "leads"),
    [
        ("$item.title", "$it$0em.title", ("$item", "$.pages")),
        ("$pipeline", "$pipe$0line", ("$pipeline", "line")),
        ("$index", "$0$index", ("$index", "$.rows")),
        ("$iter }} {{ $loop", "$it$0er }} {{ $loop", ("$iter", "again")),
        ("$loop", "$lo$0op", ("$loop", "again")),
        ("$iter > 3", "$it$0er > 3", ("$iter", "again")),
    ],
)
def test_a_variable_leads_to_its_source(before: str, at: str, leads: tuple[str, str]) -> None:
    assert led_to(TEXT.replace(before, at)) == [leads]


@pytest.mark.parametrize("at", ['"{{ $it$0em }} {{ $iter }}"', '"{{ $item }} {{ $it$0er }}"'])
def test_a_variable_without_a_source_leads_nowhere(at: str) -> None:
    assert led_to(TEXT.replace('"{{ $item }} {{ $iter }}"', at)) == []


def test_an_alias_leads_to_the_last_anchor_before_it() -> None:
    text = "a: &x 1\nb: '&x 2'\nc: &x [3]\nd: *$0x\ne: &x 4\n"

    assert led_to(text) == [("*x", "&x [3]")]


def test_an_alias_without_an_anchor_leads_nowhere() -> None:
    assert led_to("a: &xy 1\nb: *$0x\n") == []
