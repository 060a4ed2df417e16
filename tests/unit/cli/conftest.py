"""The folders in which commands are called."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.commands import OE, Called, call
from tests.support.worlds import World

EXAMPLES = Path(__file__).parents[3] / "examples"


Oe = Callable[..., Called]


@pytest.fixture
def oe(tmp_path: Path) -> Oe:
    """Calls `oe` in the folder of the test. Nothing that it prints may be a traceback."""

    def call_oe(*args: str, cwd: Path = tmp_path, **env: str) -> Called:
        return call([*OE, *args], cwd, env)

    return call_oe


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty experience folder."""
    return World(tmp_path)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A copy of examples/city-report, whose fourth node fails until a file is put in place."""
    return Path(shutil.copytree(EXAMPLES / "city-report", tmp_path / "city-report"))


@pytest.fixture(scope="session")
def report_that_failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of examples/city-report after a run, for all tests; only `failed_report` reads it."""
    report = shutil.copytree(EXAMPLES / "city-report", tmp_path_factory.mktemp("failed") / "city-report")
    assert call([*OE, "run"], report).code == 1
    return Path(report)


@pytest.fixture
def failed_report(tmp_path: Path, report_that_failed: Path) -> Path:
    """A copy of examples/city-report after a run, whose fourth node failed."""
    return Path(shutil.copytree(report_that_failed, tmp_path / "city-report"))


@pytest.fixture
def agents(tmp_path: Path) -> Path:
    """A copy of examples/review-agents."""
    return Path(shutil.copytree(EXAMPLES / "review-agents", tmp_path / "review-agents"))
