"""What pyproject.toml promises: the lowest and the newest versions of all dependencies, and each supported Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
EXTRAS = ("mcp", "openai", "parquet", "socks")
TESTS = (
    "tests/unit/log/test_codec.py",
    "tests/unit/log/test_index.py",
    "tests/unit/cli/test_user_errors.py",
    "tests/unit/cli/test_runs_command.py",
    "tests/unit/llm",
    "tests/unit/network",
    "tests/unit/server/test_command_arguments.py",
    "tests/lsp/test_hover.py",
    "tests/unit/page_server/test_live_pages.py",
)
"""What touches each library: msgspec, click, rich, the SDKs, jsonschema, cattrs, lsprotocol, pygls, starlette."""


def lower_bounds() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = map(Requirement, [*project["dependencies"], *(each for extra in EXTRAS for each in extras[extra])])
    return [f"{each.name}=={bound.version}" for each in wanted for bound in each.specifier if bound.operator == ">="]


PYTHONS = ("3.10", "3.11", "3.12", "3.13")
"""The supported versions. Those that this machine has are tried: on PATH, or where pyenv keeps them."""

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def pythons() -> dict[str, str]:
    """A program for each version that works here. A shim of pyenv's may name one that is not installed."""
    found = {RUNNING: sys.executable}
    for version in PYTHONS:
        kept = [str(program) for program in Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
        for program in filter(None, [shutil.which(f"python{version}"), *kept]):
            if not subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode:
                found.setdefault(version, program)
    return found


def tried(environment: Path, python: str, constraints: Sequence[str], tests: Sequence[str]) -> str:
    """Make `environment` with `python` and the dependencies within `constraints`, and run `tests`; what failed."""
    bounds = environment.with_suffix(".txt")
    bounds.write_text("\n".join(constraints), encoding="utf-8")
    subprocess.run([python, "-m", "venv", str(environment)], check=True)
    installed = str(environment / "bin" / "python")
    testing = ["pytest", "pytest-asyncio", "pytest-timeout", "pytest-lsp", "hypothesis", "cryptography"]
    install = [installed, "-m", "pip", "install", "--quiet", "--constraint", str(bounds)]
    subprocess.run([*install, f"{ROOT}[{','.join(EXTRAS)}]", *testing], check=True)
    done = subprocess.run(
        [installed, "-m", "pytest", "-q", "-x", "-m", "not long", "-p", "no:cacheprovider", "--no-header", *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout[-5000:] if done.returncode else ""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("constraints", [lower_bounds, list], ids=["lowest", "newest"])
def test_the_lowest_and_the_newest_versions_of_all_dependencies_work(
    tmp_path: Path, constraints: Callable[[], list[str]]
) -> None:
    assert tried(tmp_path / "venv", sys.executable, constraints(), TESTS) == ""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", sorted(pythons().keys() - {RUNNING}) or [RUNNING])
def test_each_supported_python_works(tmp_path: Path, version: str) -> None:
    assert tried(tmp_path / "venv", pythons()[version], [], TESTS) == ""
