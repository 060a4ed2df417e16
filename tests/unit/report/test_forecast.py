"""What a run would touch: commands, hosts and files of each kind of node."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.experience.model import AgentSpec, CliAgentSpec, DatasetSpec, KindSpec, SkillSpec, ToolSpec
from engine.expressions import Json
from engine.report.forecast import (
    Environment,
    NamedPath,
    Step,
    commands_of,
    forecast_lines,
    forecast_to_json,
    hosts_of,
)

AROUND = Environment(python="/usr/bin/python3", node="/usr/bin/node", llm_host="llm.example")


@pytest.mark.parametrize(
    ("spec", "command"),
    [
        (ToolSpec("./tools/a.py:score"), ("/usr/bin/python3", "./tools/a.py:score")),
        (ToolSpec("./tools/a.mjs"), ("/usr/bin/node", "./tools/a.mjs")),
        (ToolSpec("./tools/a.cjs"), ("/usr/bin/node", "./tools/a.cjs")),
        (ToolSpec("./tools/a.ts:score"), ("/usr/bin/node", "./tools/a.ts:score")),
        (DatasetSpec({"type": "mcp-resource", "server": "files"}), ("MCP server files",)),
    ],
)
def test_commands_are_what_would_be_started(spec: KindSpec, command: tuple[str, ...]) -> None:
    assert commands_of(spec, AROUND) == (command,)


def test_a_coding_agent_is_started_with_its_arguments() -> None:
    ((program, *arguments),) = commands_of(CliAgentSpec("claude-code", "do it", model="opus"), AROUND)

    assert program == "claude"
    assert "opus" in arguments


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ({"type": "http", "url": "https://user:secret@data.example:8443/rows?x=1"}, "data.example:8443"),
        ({"type": "http", "url": "$.address"}, "$.address"),
    ],
)
def test_hosts_are_named_without_credentials(source: Mapping[str, Json], host: str) -> None:
    assert hosts_of(DatasetSpec(source), AROUND) == (host,)


@pytest.mark.parametrize("spec", [AgentSpec("hello"), SkillSpec("skills/x")])
def test_language_models_answer_at_their_host(spec: KindSpec) -> None:
    assert hosts_of(spec, AROUND) == ("llm.example",)


def test_the_forecast_sums_up_programs_hosts_and_missing_files() -> None:
    stage = Step("parse", "tool", commands=(("python3", "p.py"),), files=(NamedPath("p.py", exists=False),))
    steps = (
        Step("load", "dataset", hosts=("data.example",), writes=("rows",)),
        Step("rows", "pipeline", after=("load",), conditions=("$.ok",), notes=("for each $.rows",), inside=(stage,)),
    )

    lines = list(forecast_lines("demo 1.0.0", steps))

    assert lines[0] == "demo 1.0.0: 2 steps (nothing is run)"
    assert "  2. rows  pipeline · for each $.rows · after load · if $.ok" in lines
    assert "      1. parse  tool" in lines
    assert lines[-3:] == ["programs  python3", "hosts     data.example", "missing   p.py"]
    assert forecast_to_json("demo", steps)["experience"] == "demo"
