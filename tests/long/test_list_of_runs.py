"""What people wait for who list a thousand runs, in processor time, which no other load of the machine is part of."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.log.storage.run_store import RunStore
from tests.support.written_logs import COMPLETED, FAILED, FAILURE, STARTED, SUCCESS, write_log

RUNS = 1_000
ROUNDS = 25
OE = str(Path(sys.executable).with_name("oe"))
NOTHING = (sys.executable, "-c", "pass")


def test_listing_a_thousand_runs_costs_no_more_than_three_times_an_empty_python(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for number in range(RUNS):
        last = (COMPLETED, SUCCESS) if number % 3 else (FAILED, FAILURE)
        write_log(store, STARTED, *last)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path / "bytecode")
    commands = (NOTHING, (OE, "runs"), (OE, "runs", "--json"))

    taken = [[seconds_of(command, tmp_path, environment) for command in commands] for _ in range(ROUNDS)]

    nothing, table, document = (min(seconds) for seconds in zip(*taken[1:], strict=True))  # the first wrote bytecode
    assert table <= 3 * nothing
    assert document <= 3 * nothing


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
