"""What a list of a thousand runs costs, in processor time, which no other load of the machine is part of."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.log.storage.run_store import RunStore
from tests.support.written_logs import COMPLETED, FAILED, FAILURE, STARTED, SUCCESS, write_log

RUNS = 1_000
ROUNDS = 10
OE = str(Path(sys.executable).with_name("oe"))


@pytest.mark.parametrize("command", [(OE, "runs"), (OE, "runs", "--json")], ids=["table", "document"])
def test_a_thousand_runs_are_listed_for_little_more_than_one(tmp_path: Path, command: tuple[str, ...]) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    for folder, runs in ((one, 1), (many, RUNS)):
        folder.mkdir()
        for number in range(runs):
            last = (COMPLETED, SUCCESS) if number % 3 else (FAILED, FAILURE)
            write_log(RunStore(folder), STARTED, *last)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path / "bytecode")

    taken = [[seconds_of(command, folder, environment) for folder in (one, many)] for _ in range(ROUNDS)]

    of_one, of_many = (min(seconds) for seconds in zip(*taken[1:], strict=True))  # the first wrote bytecode and index
    assert of_many <= 1.5 * of_one


def seconds_of(command: Sequence[str], folder: Path, environment: dict[str, str]) -> float:
    """The processor time of a process, its kernel's part included."""
    process = os.fork()
    if not process:
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execve(command[0], command, environment)
    _, status, usage = os.wait4(process, 0)
    assert status == 0
    return usage.ru_utime + usage.ru_stime
