"""Writes that the schema of a state field refuses, and schemas that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.experience.load import InvalidExperienceError
from engine.log.events.events import RunStatus
from tests.support.worlds import World

NODE = "- {id: a, kind: tool, impl: a.py, writes: [found]}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.tool("a", "return {'state_delta': {'found': [{'line': 1, 'kind': {'name': 'bug'}}]}}")
    finding = {"$id": "https://elsewhere/finding", "properties": {"line": {"$ref": "#/$defs/line"}}}
    finding["$defs"] = {"line": {"type": "integer"}}
    finding["properties"]["kind"] = {"$ref": "kinds/kind.json#/of/finding"}
    world.write("schemas/finding.json", json.dumps(finding))
    kind = {"of": {"finding": {"required": ["name"], "properties": {"within": {"$ref": "../finding.json"}}}}}
    world.write("schemas/kinds/kind.json", json.dumps(kind))
    world.graph(NODE, state="found: {type: array, items: {$ref: ./schemas/finding.json}}")
    return world


async def test_a_value_fits_a_schema_in_files_that_refer_to_one_another(world: World) -> None:
    assert (await world.run()).finished.status is RunStatus.SUCCESS


@pytest.mark.parametrize(
    ("found", "place"),
    [
        ({"line": "one"}, "[0].line: 'one' is not of type 'integer'"),
        ({"kind": {}}, "[0].kind: 'name' is a required property"),
        ({"kind": {"name": "x", "within": {"line": "one"}}}, "[0].kind.within.line: 'one' is not of type 'integer'"),
    ],
)
async def test_a_value_that_a_file_refuses_fails_its_node(world: World, found: object, place: str) -> None:
    world.tool("a", f"return {{'state_delta': {{'found': [{found!r}]}}}}")

    finished = (await world.run()).finished

    assert finished.error is not None
    assert place in finished.error.message


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("./schemas/finding.jsn", "refers to `./schemas/finding.jsn`, which does not exist; create it or correct"),
        ("../finding.json", "which is outside the experience's folder"),
        ("https://elsewhere/finding.json", "which is not a local file, and nothing is downloaded"),
        ("./a.py", "refers to `./a.py`, which is not JSON"),
        ("./schemas", "refers to `./schemas`, which is a folder; name a file in it"),
    ],
)
async def test_a_reference_that_leads_nowhere_stops_a_run_before_it_begins(
    world: World, reference: str, said: str
) -> None:
    world.graph(NODE, state=f"found: {{type: array, items: {{$ref: '{reference}'}}}}")

    with pytest.raises(InvalidExperienceError, match=r"OE208 This `\$ref` refers to") as refused:
        await world.run()

    assert said in str(refused.value)
    assert world.executed() == []


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("{type: array, items: {type: findings}}", "its schema is no JSON Schema at items.type: 'findings'"),
        ("{type: array, items: {properties: {line: {type: number}, kind: {pattern: '('}}}}", "kind.pattern"),
        ("{type: array, items: {properties: {kind: {pattern: '^(?!x)'}}}}", "cannot be checked: the pattern `^(?!x)`"),
    ],
)
async def test_what_is_no_schema_fails_who_writes_and_says_where(world: World, schema: str, said: str) -> None:
    world.tool("a", "return {'state_delta': {'found': [{'kind': 'bug'}]}}")
    world.graph(NODE, state=f"found: {schema}")

    finished = (await world.run()).finished

    assert finished.error is not None
    assert said in finished.error.message


async def test_a_pattern_that_makes_others_try_for_ever_is_checked_at_once(world: World) -> None:
    world.tool("a", "return {'state_delta': {'found': ['a' * 100_000 + '!']}}")
    world.graph(NODE, state="found: {type: array, items: {type: string, pattern: '^(a+)+$'}}")

    finished = (await world.run()).finished

    assert finished.error is not None
    assert "a value that its schema refuses at [0]" in finished.error.message
