"""What a list of 1,000 runs costs: the installed `oe runs` beside `python -c pass`, its index warm; and how much of the
logs it reads while that is cold.

`make bench`, or `python benchmarks/runs.py [--rounds N] [--json]`. Linux only: /proc says what was read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rounds import BENCH, HERE

RUNS = 1_000
LOG_BYTES = 1_000_000
PYTHON = Path(sys.executable)
OE = PYTHON.with_name("oe")

BASE = (str(PYTHON), "-c", "pass")
LISTS = {
    "oe runs": (str(OE), "runs"),
    "oe runs --json": (str(OE), "runs", "--json"),
    f"oe runs -n {RUNS}": (str(OE), "runs", "-n", str(RUNS)),
}
COLD = (
    "import sys; sys.argv[1:] = ['runs', '-n', '{runs}', '--json']\n"
    "from engine.cli.main import call; call()\n"
    "sys.stderr.write(open('/proc/self/io').readline())"
)


@dataclass(frozen=True)
class Warm:
    """The best of all rounds: what disturbs a machine only ever adds."""

    command: str
    seconds: float
    times_base: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="calls of each command; the best one counts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    BENCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BENCH) as folder:
        total = write_runs(Path(folder))
        read = bytes_read_cold(Path(folder))
        base, warm = measure(Path(folder), options.rounds)
    if options.json:
        print(json.dumps(_plain(base, warm, read, total)))
    else:
        print(table(base, warm, read, total))


def write_runs(folder: Path) -> int:
    """Write the logs; returns their bytes."""
    program = HERE / "contenders" / "runs_written.py"
    return int(_call((str(PYTHON), str(program), str(folder), str(RUNS), str(LOG_BYTES)), folder).stdout)


def bytes_read_cold(folder: Path) -> int:
    """What a process reads in all, its own program included, that lists every run and knows none of them."""
    done = _call((str(PYTHON), "-c", COLD.format(runs=RUNS)), folder)
    assert len(json.loads(done.stdout)) == RUNS
    return int(done.stderr.rpartition("rchar: ")[2])


def measure(folder: Path, rounds: int) -> tuple[float, list[Warm]]:
    """`python -c pass`, and each list beside it, all in turn, so that a slow moment meets them all."""
    taken: dict[Sequence[str], list[float]] = {command: [] for command in (BASE, *LISTS.values())}
    for _ in range(rounds + 1):
        for command, seconds in taken.items():
            began = time.perf_counter()
            _call(command, folder)
            seconds.append(time.perf_counter() - began)
    best = {command: min(seconds[1:]) for command, seconds in taken.items()}  # the first one wrote the bytecode
    return best[BASE], [Warm(name, best[command], best[command] / best[BASE]) for name, command in LISTS.items()]


def table(base: float, warm: Sequence[Warm], read: int, total: int) -> str:
    """The results for a terminal."""
    lines = [f"{RUNS:,} logs of {LOG_BYTES / 1e6:.0f} MB", "", f"  {'':<20} {'ms':>6} {'x':>6}"]
    lines.append(f"  {'python -c pass':<20} {base * 1000:>6.1f} {1:>6.2f}")
    lines += [f"  {one.command:<20} {one.seconds * 1000:>6.1f} {one.times_base:>6.2f}" for one in warm]
    lines += ["", f"  cold, it reads {read / 1e6:.1f} MB of {total / 1e6:,.0f} MB: {read / total:.2%}"]
    return "\n".join(lines) + "\n"


def _call(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)


def _plain(base: float, warm: Sequence[Warm], read: int, total: int) -> Mapping[str, object]:
    return {
        "runs": RUNS,
        "baseSeconds": round(base, 5),
        "timesBase": {one.command: round(one.times_base, 3) for one in warm},
        "coldBytes": read,
        "logBytes": total,
    }


if __name__ == "__main__":
    main()
