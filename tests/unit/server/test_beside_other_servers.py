"""Beside yaml-language-server: experience files have a language of their own, and no two commands share a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oe_lsp.server.features.registry import COMMANDS
from oe_lsp.server.session.experience_files import FILE_NAMES, LANGUAGE_ID

EXTENSION = Path(__file__).parents[3] / "vscode-client"


def contributes() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))["contributes"]
    return found


def test_experience_files_have_a_language_that_a_yaml_server_does_not_select() -> None:
    (language,) = contributes()["languages"]

    assert language["id"] == LANGUAGE_ID != "yaml"
    assert set(language["filenames"]) == FILE_NAMES


def test_that_language_is_coloured_as_yaml() -> None:
    (grammar,) = (each for each in contributes()["grammars"] if each["language"] == LANGUAGE_ID)
    patterns = json.loads((EXTENSION / grammar["path"]).read_text(encoding="utf-8"))["patterns"]

    assert {"include": "source.yaml"} in patterns


def test_commands_of_server_and_extension_start_with_oe_and_differ() -> None:
    palette = {command["command"] for command in contributes()["commands"]}

    commands = {command.name for command in COMMANDS}
    assert all(name.startswith("oe.") for name in (*palette, *commands))
    assert palette.isdisjoint(commands)
