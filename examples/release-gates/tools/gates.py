"""The checks that need nobody's judgement. Each says whether it passed, and why."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent / "project"


def tests(_inputs: dict[str, Any]) -> dict[str, Any]:
    """The project's own tests. What they print is in the output file of the attempt."""
    done = subprocess.run([sys.executable, "-B", "-m", "unittest", "-v"], cwd=PROJECT, timeout=60, check=False)
    return _gate("tests", done.returncode == 0, f"unittest ended with exit code {done.returncode}")


def changelog(inputs: dict[str, Any]) -> dict[str, Any]:
    """The version has an entry."""
    heading = f"## {inputs['version']}"
    found = heading in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    return _gate("changelog", found, f"CHANGELOG.md {'has' if found else 'lacks'} the line '{heading}'")


def licences(inputs: dict[str, Any]) -> dict[str, Any]:
    """Every dependency has a licence that we may use."""
    dependencies = json.loads((PROJECT / "dependencies.json").read_text(encoding="utf-8"))
    refused = sorted(
        f"{name} ({licence})" for name, licence in dependencies.items() if licence not in inputs["allowed"]
    )
    return _gate("licences", not refused, f"not allowed: {', '.join(refused)}" if refused else "all are allowed")


def _gate(gate: str, passed: bool, reason: str) -> dict[str, Any]:
    return {"state_delta": {"gates": [{"gate": gate, "passed": passed, "reason": reason}]}}
