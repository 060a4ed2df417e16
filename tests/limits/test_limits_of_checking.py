"""Limits 10, 11 and 18: what conditions can say, what is found before a run, and what paths and keys mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.experience.analyse import analyse
from engine.experience.problems import Problem, Severity
from schemas import experience_schema
from tests.support.called import Called
from tests.support.commands import OE, call
from tests.support.experiences import experience, yaml_graph
from tests.support.worlds import World
from tests.unit.scheduler.driving import Drive

NODES = "- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: b.py}"
STATE = (
    "count: {default: 3}\nname: {default: alice}\nitems: {type: array, default: [1, 2, 3]}\n"
    "flag: {default: true}\nnothing: {default: null}\nnobody: {}"
)


def edge(when: str) -> str:
    """One edge from a to b with this condition."""
    return f"[{{from: a, to: b, when: {json.dumps(when)}}}]"


def loud(text: str) -> list[Problem]:
    """The problems of a text that are more than notes."""
    return [each for each in analyse(text).problems if each.severity in (Severity.ERROR, Severity.WARNING)]


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("!$.flag", False),
        ("!($.count > 1 && $.flag)", False),
        ("$.nothing == null", True),
        ("$.name != null", True),
        ("2 in $.items", True),
        ("$.items[0] == 1", True),
        ("contains($.name, 'lic') && startsWith($.name, 'al')", True),
        ("defined($.nobody)", False),
    ],
)
def test_limit_10_conditions_say_what_people_write(when: str, holds: bool) -> None:
    story = Drive(experience(yaml_graph(NODES, edge(when), STATE)), {}).run()

    assert ("b" in story.executed) is holds


@pytest.mark.parametrize(
    ("when", "marked"), [("$.flag nonsense", "nonsense"), ("1 < $.count < 5", "<"), ("max($.items) > 1", "max")]
)
def test_limit_10_what_is_no_condition_is_found_before_a_run_at_its_place(when: str, marked: str) -> None:
    text = yaml_graph(NODES, edge(when), STATE)

    (problem,) = loud(text)

    assert problem.severity is Severity.ERROR
    assert text[problem.span.start : problem.span.end] == marked


PIPELINE = "  pipelines: [{id: p, items: $.items, stages: [nobody]}]\n"


@pytest.mark.parametrize(
    ("nodes", "edges", "more", "code", "words"),
    [
        ("{id: a, kind: tool, impl: a.py, write: [x]}", "", "", "OE204", "did you mean `writes`?"),
        ("{id: a, kind: tool, impl: a.py, timeout: 5}", "", "", "OE204", "did you mean `timeout_ms`?"),
        ("{id: a, kind: tool, impl: a.py}", "{from: a, to: a}", "", "OE303", "a → a"),
        ("{id: a, kind: tool, impl: a.py}", "", PIPELINE, "OE302", "no node `nobody`"),
        ("{id: a, kind: agent, prompt: Hello, writes: [count, name]}", "", "", "OE403", "exactly one field"),
        ("{id: a, kind: dataset, source: {type: xls}, writes: [items]}", "", "", "OE203", "`sqlite`"),
        ("{id: a, kind: dataset, source: {type: sqlite, uri: a.db}, writes: [items]}", "", "", "OE201", "`query`"),
        ("{id: a, kind: tool, impl: a.py, reads: [cuont]}", "", "", "OE401", "count"),
        ("{id: a, kind: dataset, source: {type: file, uri: a.csv}, writes: [count, name]}", "", "", "OE403", "not 2"),
        ("{id: a, kind: skill, impl: a}", "", "", "OE403", "exactly one field"),
        ("{id: a, kind: dataset, source: {type: file, uri: rows}, writes: [items]}", "", "", "OE605", "`format`"),
        ("{id: a, kind: tool, impl: a.py}", "", "  loops: [{id: l, body: a}]\n", "OE306", "`max_iters`"),
        ("{id: a, kind: agent, prompt: '{{nmae}}', reads: [name], writes: [name]}", "", "", "OE507", "`name`"),
    ],
)
def test_limit_11_mistakes_are_found_before_a_run(nodes: str, edges: str, more: str, code: str, words: str) -> None:
    text = yaml_graph(f"- {nodes}", f"[{edges}]", STATE) + more

    (problem,) = loud(text)

    assert problem.code.value == code
    assert words in problem.message


@pytest.mark.parametrize(
    "node",
    [
        "kind: tool, impl: ./a.py",
        "kind: agent, prompt: ./a.md, writes: [name]",
        "kind: agent, prompt: Hello, schema: ./a.json, writes: [name]",
        "kind: skill, impl: ./a, writes: [name]",
        "kind: dataset, source: {type: file, uri: a.csv}, writes: [items]",
        "kind: experience, impl: ./a/experience.yaml",
    ],
)
def test_limit_11_a_file_that_is_missing_is_found_before_a_run(tmp_path: Path, node: str) -> None:
    (tmp_path / "experience.yaml").write_text(yaml_graph(f"- {{id: a, {node}}}", state=STATE))

    validated = oe(tmp_path, "validate", "--strict")

    assert validated.code == 1
    assert "OE601" in validated.out


def oe(folder: Path, *args: str) -> Called:
    """`oe`, called in another folder than the experience's."""
    return call([*OE, *args], folder)


def test_limit_18_an_experience_is_named_by_its_folder_or_its_file(world: World, tmp_path_factory) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {'edge_output': 1}")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    file = world.folder / "experience.yaml"

    for path in (world.folder, file):
        assert oe(elsewhere, "run", str(path)).code == 0
        assert oe(elsewhere, "resume", "latest", "--experience", str(path)).code == 0
    assert list(elsewhere.iterdir()) == []


def test_limit_18_the_key_without_effect_says_so_where_it_is_written() -> None:
    store = experience_schema()["$defs"]["state"]["properties"]["store"]

    assert "no effect" in store["description"]
