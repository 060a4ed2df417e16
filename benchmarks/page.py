"""How soon a served page shows what a run has written to its log: `oe inspect --serve`, read over HTTP.

`make bench`, or `python benchmarks/page.py [--rounds N] [--json]`. For graphs of 20 and 500 nodes and for a fan-out of
10,000 items, the engine's own writer appends an event at a time; then 1,000 of them as fast as it can.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from rounds import HERE

MOST_MS = 150.0
"""What the median may be at most."""

CASES = {"20 nodes": (20, 0), "500 nodes": (500, 0), "10,000 items": (3, 10_000)}


def main() -> None:
    """Measure and print; exit 1 where a median is over the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="events that are measured one by one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    measured = {title: measure(*case, options.rounds) for title, case in CASES.items()}
    print(json.dumps(measured) if options.json else "\n".join(_lines(measured)))
    if any(one["median_ms"] > MOST_MS for one in measured.values()):
        raise SystemExit(f"a median is over {MOST_MS:g} ms")


def measure(nodes: int, items: int, rounds: int) -> Mapping[str, Any]:
    """One case, in a process of its own."""
    command = (sys.executable, HERE / "contenders" / "page_patches.py", str(nodes), str(items), str(rounds))
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def _lines(measured: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'event to patch':<15}{'median':>9}{'worst':>9}{'whole page':>13}{'size':>11}   1,000 events at once"
    for title, one in measured.items():
        yield (
            f"{title:<15}{one['median_ms']:>6.0f} ms{one['worst_ms']:>6.0f} ms{one['first_page_ms']:>10.0f} ms"
            f"{one['page_bytes'] / 1024:>7.0f} KiB   {one['burst_patches']} patches in {one['burst_shown_ms']:.0f} ms"
        )


if __name__ == "__main__":
    main()
