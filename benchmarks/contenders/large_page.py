"""Writes the page of a run with N nodes: `large_page.py N FOLDER`. Prints the path of the page."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.log.storage.run_store import RunStore
from tests.pages.make_pages import page_of_run
from tests.support.generated_runs import nodes, written


def main() -> None:
    """Write and print."""
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    run = written(nodes(count), folder / "run")
    page = folder / "run.html"
    page.write_text(page_of_run(RunStore(folder / "run"), run.run_id), encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
