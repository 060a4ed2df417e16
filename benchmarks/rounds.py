"""Runs programs in contenders/ in turn, each in a process and a folder of its own, and reads what they print."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BENCH = HERE.parent / ".bench"
VENV_PYTHON = BENCH / "venv" / "bin" / "python"
OURS = Path(sys.executable)
STALL_SECONDS = 900


@dataclass(frozen=True)
class Contender:
    """A program in contenders/, the interpreter that runs it, and what it calls the shape that is measured."""

    name: str
    program: str
    python: Path
    shape: str


@dataclass(frozen=True)
class Case:
    """One shape at one size, and who runs it."""

    title: str
    steps: int
    contenders: tuple[Contender, ...]


def options(description: str | None, rounds: int) -> argparse.Namespace:
    """What the command line asks for: `rounds` and `json`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds, help="runs of each contender; the best one counts")
    parser.add_argument("--json", action="store_true", help="print one JSON object per result")
    return parser.parse_args()


def require_the_others() -> None:
    """Exit where what is compared with is not installed."""
    if not VENV_PYTHON.exists():
        raise SystemExit("the others are not installed: run `make bench`, which makes .bench/venv")


def fastest(contenders: Sequence[Contender], steps: int, rounds: int) -> dict[Contender, Mapping[str, Any]]:
    """What each prints in its best round: what disturbs a machine only ever adds.

    All of them run in turn, so that a slow moment of the disk meets them all.
    """
    runs: dict[Contender, list[Mapping[str, Any]]] = {contender: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            runs[contender].append(run(contender, steps))
    return {contender: min(measured, key=lambda one: float(one["seconds"])) for contender, measured in runs.items()}


def run(contender: Contender, steps: int) -> Mapping[str, Any]:
    """One timed run, on the disk that the repository is on."""
    with tempfile.TemporaryDirectory(dir=BENCH) as folder:
        command = [contender.python, HERE / "contenders" / contender.program, contender.shape, str(steps), folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=STALL_SECONDS, check=False)
    if done.returncode:
        raise SystemExit(f"{contender.name} failed:\n{done.stderr}")
    measured: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured
