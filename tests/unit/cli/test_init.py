"""`oe init`: every template is valid and runs as it stands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from engine.cli.commands.init import TEMPLATES
from tests.standins.messages_api import MessagesApi, tool_use
from tests.unit.cli.conftest import Oe

FOLDER = Path(__file__).parents[3] / "engine" / "templates"


def test_the_listed_templates_are_exactly_the_existing_ones(oe: Oe) -> None:
    assert {path.parent.name for path in FOLDER.glob("*/experience.yaml")} == set(TEMPLATES)
    listed = oe("init", "--list-templates").out
    assert all(name in listed for name in TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_has_no_problem_not_even_a_warning(oe: Oe, tmp_path: Path, template: str) -> None:
    oe("init", "hello", "--template", template)

    checked = oe("validate", "hello", "--strict")

    assert checked.code == 0
    assert checked.out.startswith("hello/experience.yaml: valid")
    assert (tmp_path / "hello/experience.yaml").read_text(encoding="utf-8").startswith("name: hello\n")
    assert (tmp_path / "hello/README.md").read_text(encoding="utf-8").startswith("# hello\n")


@pytest.mark.parametrize("template", ["tool-only", "fan-out"])
def test_a_template_without_keys_runs(oe: Oe, template: str) -> None:
    oe("init", "hello", "--template", template)

    done = oe("--log-format", "json", "run", "hello")

    assert done.code == 0
    assert done.lines[-1]["status"] == "success"


def test_the_agent_template_runs(oe: Oe) -> None:
    oe("init", "hello", "--template", "agent")
    answer: dict[str, Any] = {"mood": "mixed", "reasons": ["fast", "fails"]}

    with MessagesApi(tool_use(answer)) as api:
        done = oe("--log-format", "json", "run", "hello", ANTHROPIC_API_KEY="key", ANTHROPIC_BASE_URL=api.url)

    assert done.code == 0
    assert done.lines[-1]["finalState"] == answer


def test_the_cli_agent_template_runs(oe: Oe, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    answer = {"type": "result", "is_error": False, "result": json.dumps({"summary": "two files", "risks": []})}
    program.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{json.dumps(answer)}'\n", encoding="utf-8")
    program.chmod(0o755)
    oe("init", "hello", "--template", "cli-agent")

    done = oe("--log-format", "json", "run", "hello", PATH=f"{program.parent}:{os.environ['PATH']}")

    assert done.code == 0, done.out
    assert done.lines[-1]["finalState"] == {"summary": "two files", "risks": []}


def test_an_existing_folder_is_left_alone_unless_it_is_empty(oe: Oe, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").touch()
    (tmp_path / "empty").mkdir()

    refused = oe("init", "full")

    assert refused.code == 1
    assert "not an empty folder" in refused.err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    assert oe("init", "empty").code == 0


def test_the_current_folder_can_become_an_experience(oe: Oe, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()

    assert oe("init", ".", cwd=here).code == 0
    assert (here / "experience.yaml").read_text(encoding="utf-8").startswith("name: here\n")


def test_a_name_that_yaml_would_misread_is_wrong_usage(oe: Oe) -> None:
    assert oe("init", "a: b").code == 2
