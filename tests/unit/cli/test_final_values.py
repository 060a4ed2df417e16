"""At its end, a run shows people what it wrote; `oe inspect` shows it later, all of it."""

from __future__ import annotations

import json

import pytest

from engine.cli.output.final_values import last_value_lines, value_lines
from tests.support.worlds import World
from tests.unit.cli.conftest import Oe


@pytest.fixture
def wide(world: World) -> World:
    """Writes 12 fields: a secret, a text of many lines, a long list, and nine numbers."""
    numbers = [f"n{number}" for number in range(9)]
    fields = ["secret", "text", "rows", *numbers]
    world.graph(
        f"- {{id: write, kind: tool, impl: write.py, args: {{token: $args.token}}, writes: [{', '.join(fields)}]}}",
        state="\n".join(f"{name}: {{}}" for name in fields),
    )
    text = world.folder / "experience.yaml"
    declared = "args:\n  type: object\n  properties: {token: {type: string, writeOnly: true}}\n"
    text.write_text(declared + text.read_text())
    delta = {"text": "one\ntwo\nthree\nfour\x1b[31m", "rows": [list(range(100))] * 300, **dict.fromkeys(numbers, 7)}
    world.tool("write", f"return {{'state_delta': {{'secret': input['token'], **{delta!r}}}}}")
    return world


def test_the_last_ten_fields_are_shown_before_the_closing_line(wide: World, oe: Oe) -> None:
    ran = oe("run", "--args", '{"token": "very-secret-token"}')

    lines = ran.out.splitlines()
    values = lines[lines.index("  = rows  " + json.dumps([list(range(100))])[:119] + "…") :]
    assert values[1:10] == [f"  = n{number}    7" for number in range(9)]
    assert values[10].startswith("  … and 1 more: oe inspect ")
    assert values[11].startswith("✓ succeeded")
    assert "very-secret-token" not in ran.out
    assert "= secret" not in ran.out

    inspected = oe("inspect", "latest").out

    assert "  = text  one\n          two\n          three …\n" in inspected
    assert "  = rows  [[0, 1, 2" in inspected


def test_machines_and_higher_levels_see_none(wide: World, oe: Oe) -> None:
    given = '{"token": "very-secret-token"}'

    assert " = n1" not in oe("run", "--log-level", "warn", "--args", given).out
    assert {line["msg"] for line in oe("--log-format", "json", "run", "--args", given).lines} >= {"run complete"}


def test_values_of_all_kinds_take_a_line() -> None:
    shown = [line.plain for line in value_lines({"none": None, "empty": "", "snow": {"man": "☃"}})]

    assert shown == ["  = none   null", '  = empty  ""', '  = snow   {"man": "☃"}']
    assert list(last_value_lines({}, "oe inspect x")) == []
