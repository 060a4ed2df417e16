"""Unchanged parts are taken from the previous analysis, and the result is the same as without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experience.analyse import Analysis, analyse
from tests.support.examples import examples

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*/experience.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in EXAMPLES]
SNIPPETS = [
    "",
    " ",
    "\n",
    ":",
    "- ",
    "{",
    "]",
    "'",
    "#",
    "id: x",
    "\n    - id: new\n      kind: tool\n",
    "&a ",
    "*a",
    "\t",
]


def same(one: Analysis, other: Analysis) -> bool:
    return one.problems == other.problems and one.experience == other.experience and one.ok == other.ok


@pytest.mark.parametrize("text", TEXTS, ids=[path.parent.name for path in EXAMPLES])
def test_the_examples_have_no_problems(text: str) -> None:
    assert analyse(text).problems == ()


def test_an_edit_in_one_node_reads_only_that_node_again() -> None:
    text = TEXTS[0]
    before = analyse(text)
    edited = text.replace("impl: ./tools/summarise.py", "impl: ./tools/other.py", 1)

    after = analyse(edited, before)

    assert before.parts and after.parts
    changed = [
        new.id.text
        for old, new in zip(before.parts.nodes.items, after.parts.nodes.items, strict=True)
        if new is not old and new.id
    ]
    assert changed == ["summarise"]
    assert after.parts.edges.items is before.parts.edges.items
    assert after.parts.fields.items is before.parts.fields.items
    assert after.shape is before.shape


def test_a_node_that_moved_is_not_read_again() -> None:
    before = analyse(TEXTS[0])

    after = analyse("# a comment above all\n" + TEXTS[0], before)

    assert before.parts and after.parts
    assert all(old is new for old, new in zip(before.parts.nodes.items, after.parts.nodes.items, strict=True))


def test_the_problems_of_a_node_that_moved_move_with_it() -> None:
    text = TEXTS[0].replace("reads: [summaries]", "reads: [sumaries]")
    before = analyse(text)

    after = analyse("# one more line\n" + text, before)

    assert [problem.span.shift(16) for problem in before.problems] == [problem.span for problem in after.problems]


@examples(2)
@given(st.sampled_from(TEXTS), st.data())
def test_the_result_does_not_depend_on_the_analysis_before(text: str, data: st.DataObject) -> None:
    analysis = analyse(text)
    for _ in range(3):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 40)))
        text = text[:start] + data.draw(st.sampled_from(SNIPPETS)) + text[end:]

        analysis = analyse(text, analysis)

        assert same(analysis, analyse(text))


@given(st.sampled_from(TEXTS), st.floats(0, 1))
def test_a_text_that_is_cut_off_anywhere_is_analysed(text: str, share: float) -> None:
    cut = text[: int(len(text) * share)]

    analysis = analyse(cut)

    assert all(0 <= problem.span.start <= problem.span.end <= len(cut) for problem in analysis.problems)
    assert not analysis.ok or analysis.experience


@examples(2)
@given(st.text(max_size=60) | st.text(alphabet="- :{}[]'\"|>&*#\n\tax1.$", max_size=80))
def test_any_text_at_all_is_analysed(text: str) -> None:
    analysis = analyse("graph:\n  nodes:\n    - " + text)

    assert analysis.errors


PLACES = """\
name: HERE
version: HERE
HERE: 1
state: HERE
state: {schema: HERE}
state: {schema: {a: HERE}}
runtime: HERE
args: HERE
graph: HERE
graph: {nodes: HERE}
graph: {nodes: [HERE]}
graph: {nodes: [{id: HERE, kind: tool, impl: a}]}
graph: {nodes: [{id: a, kind: HERE}]}
graph: {nodes: [{id: a, kind: tool, args: HERE}]}
graph: {nodes: [{id: a, kind: tool, impl: a, for_each: HERE}]}
graph: {nodes: [{id: a, kind: agent, prompt: a, schema: HERE}]}
graph: {edges: [HERE]}
graph: {edges: [{from: HERE, to: b}]}
graph: {edges: [{from: a, to: b, when: HERE}]}
graph: {pipelines: [HERE]}
graph: {loops: [HERE]}
""".splitlines()
VALUES = """\

3
text
null
''
[]
{}
[1, [2]]
{1: 2, true: 3}
&x [*x]
!!str
.nan
$.a
{id: 1}
{kind: tool}
{type: array, default: {a: [x]}}
{pattern: '(', default: a}
""".splitlines()


@pytest.mark.parametrize("place", PLACES)
def test_any_value_in_any_place_is_analysed(place: str) -> None:
    for value in VALUES:
        assert analyse(place.replace("HERE", value) + "\n").errors
