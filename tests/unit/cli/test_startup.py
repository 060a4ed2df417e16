"""Commands do not import heavy libraries and packages that they do not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import contextlib, json, sys
from engine.cli.entrypoint import main
with contextlib.suppress(SystemExit):
    main()
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
HEAVY = {"anthropic", "openai", "rich", "jsonschema", "asyncio", "watchfiles"}


def imported(folder: Path, *args: str) -> set[str]:
    """The modules that `oe ARGS` imported."""
    done = subprocess.run([sys.executable, "-c", PROBE, *args], cwd=folder, capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("args", [(), ("--help",), ("--version",), ("schema",), ("init", "hello")])
def test_commands_that_read_neither_experience_nor_run_import_nearly_nothing(
    tmp_path: Path, args: tuple[str, ...]
) -> None:
    modules = imported(tmp_path, *args)

    assert not modules & {*HEAVY, "yaml", "cattrs", "msgspec", "engine.log", "engine.experience", "engine.runner"}


@pytest.mark.parametrize(
    "args", [("runs",), ("runs", "--json"), ("inspect", "latest", "--json"), ("diff", "latest", "latest")]
)
def test_commands_that_read_runs_import_neither_experience_nor_runner(
    failed_report: Path, args: tuple[str, ...]
) -> None:
    modules = imported(failed_report, *args)

    assert not modules & {*HEAVY, "engine.runner", "engine.nodes", "engine.scheduler"}
    assert "engine.experience" not in modules or args[0] == "diff"


def test_validating_imports_neither_the_runner_nor_asyncio(report: Path) -> None:
    assert not imported(report, "validate") & {"asyncio", "rich", "engine.runner", "engine.nodes"}


def test_running_for_machines_imports_no_table(report: Path) -> None:
    assert not imported(report, "--log-format", "json", "run") & {"rich", "anthropic", "openai"}
