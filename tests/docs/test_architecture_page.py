"""docs/architecture.md agrees with the code: its layers, its files, and where to add what."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:engine|oe_lsp|schemas|tests|vscode-client|docs)/[^`<* ]+)`", PAGE)))
ADDED = (
    "node kind",
    "diagnostic",
    "event",
    "command",
    "server request",
    "hover",
    "input-hash part",
    "plan reason",
    "setting",
    "LLM provider",
    "dataset type",
    "output format",
)


def test_the_picture_of_the_layers_is_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")

    assert re.findall(r"^engine\.\w+(?: : engine\.\w+)?$", PAGE, re.MULTILINE) == layers


def test_every_package_of_the_engine_is_a_layer_or_data() -> None:
    packages = {path.parent.name for path in (ROOT / "engine").glob("*/__init__.py")}

    assert packages - set(re.findall(r"engine\.(\w+)", PAGE)) == {"templates"}


@pytest.mark.parametrize("path", NAMED)
def test_a_path_that_the_page_names_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("what", ADDED)
def test_the_page_says_where_to_add(what: str) -> None:
    row = re.search(rf"^\| an? \*\*{what}\*\*[^|]*\| ([^|]+) \|", PAGE, re.MULTILINE)

    assert row and re.search(r"`[\w/.-]+`", row[1])
