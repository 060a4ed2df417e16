"""Whoever types a name takes the graph apart and puts it together again: every step is checked as if it were new."""

from __future__ import annotations

from engine.experience import Analysis, analyse
from engine.experience.source.locate import locate
from engine.syntax import parse

TEXT = """\
name: typed
version: 1.0.0
state:
  schema:
    found: { type: array }
graph:
  nodes:
    - { id: look, kind: tool, impl: ./look.py, writes: [found] }
    - { id: tell, kind: agent, prompt: "Tell of {{found}} and {{look}} and {{nobody}}.", reads: [found] }
  edges:
    - { from: look, to: tell }
"""


def test_each_step_of_typing_has_the_problems_of_its_text_alone() -> None:
    analysis: Analysis | None = None
    for end in ("tell", "tel", "te", "tel", "tell", "te", "tell"):
        text = TEXT.replace("to: tell", f"to: {end}")
        analysis = analyse(text, analysis)

        assert analysis.problems == analyse(text).problems


def test_a_node_that_changes_while_the_graph_is_apart_is_checked_anew() -> None:
    whole = analyse(TEXT)
    apart = analyse(TEXT.replace("to: tell", "to: te"), whole)
    edited = TEXT.replace("{{nobody}}", "{{noone}}")

    together = analyse(edited, apart)

    assert together.problems == analyse(edited).problems
    assert any("noone" in problem.message for problem in together.problems)


def test_a_key_that_is_no_text_is_found_by_its_name_in_json() -> None:
    root = parse("1: one\ntrue: yes it is\nname: x\n").root
    assert root is not None

    found = [locate(root, (step,)).value for step in ("1", "true", "name", "absent")]

    assert [view.value if view else None for view in found] == ["one", "yes it is", "x", root.value]
