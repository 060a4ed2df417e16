"""Every version of a dependency that pyproject.toml allows works: the lowest of each together, and the newest."""

from __future__ import annotations

import subprocess
import sys
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
    "tests/unit/cli/test_wrong_keys.py",
    "tests/unit/cli/test_runs_command.py",
    "tests/unit/llm",
    "tests/unit/network",
    "tests/unit/lsp/test_command_arguments.py",
    "tests/lsp/test_hover.py",
)
"""What touches each library: msgspec, click, rich, the SDKs, jsonschema, cattrs, lsprotocol, pygls."""


def lower_bounds() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = map(Requirement, [*project["dependencies"], *(each for extra in EXTRAS for each in extras[extra])])
    return [f"{each.name}=={bound.version}" for each in wanted for bound in each.specifier if bound.operator == ">="]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("constraints", [lower_bounds, list], ids=["lowest", "newest"])
def test_the_tests_of_what_uses_them_pass(tmp_path: Path, constraints: object) -> None:
    bounds = tmp_path / "bounds.txt"
    bounds.write_text("\n".join(constraints()), encoding="utf-8")  # type: ignore[operator]
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    testing = ["pytest", "pytest-asyncio", "pytest-timeout", "pytest-lsp", "hypothesis", "cryptography"]
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", str(bounds)]
    subprocess.run([*install, f"{ROOT}[{','.join(EXTRAS)}]", *testing], check=True)

    tried = subprocess.run(
        [python, "-m", "pytest", "-q", "-x", "-m", "not long", "-p", "no:cacheprovider", "--no-header", *TESTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert tried.returncode == 0, tried.stdout[-5000:]
