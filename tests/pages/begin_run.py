"""A run under way, whose engine is a test: `python -m tests.pages.begin_run FOLDER NAME`.

Begins the generated run NAME in FOLDER and prints, as JSON, its `id` and the number of `events` to come. Writes so many
of them for each line of stdin that holds a number; after the last one the run ends. Answers with the number of events
left. When stdin is closed before, the run is interrupted.
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path

from tests.support.generated_runs import GENERATED


def main(folder: Path, name: str) -> None:
    """Begin the run, and write what is asked for."""
    begun = GENERATED[name](folder)
    left = len(begun.events)
    print(json.dumps({"id": begun.run.run_id, "events": left}), flush=True)
    events = iter(begun.events)
    for line in sys.stdin:
        count = int(line)
        begun.run.play(islice(events, count))
        left = max(0, left - count)
        if not left:
            begun.run.end(begun.status)
        print(left, flush=True)
        if not left:
            break


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
