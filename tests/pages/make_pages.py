"""Makes what the browser tests look at: `python -m tests.pages.make_pages FOLDER`.

Runs the examples and writes the generated runs, each into a folder of its own, with the page of its newest run beside
it. Prints, as JSON, `{name: {folder, runs, page}}`; `runs` has the oldest first.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from engine.cli.output.run_page import page_of
from engine.log.reading.reader import read_log
from engine.log.reading.summary import summarise
from engine.log.reading.view import fold
from engine.log.storage.run_store import RunStore
from tests.support.example_runs import run_examples
from tests.support.generated_runs import GENERATED, written


def main(folder: Path) -> None:
    """Make everything in `folder`, which is empty or does not exist."""
    runs = asyncio.run(run_examples(folder))
    for name, generate in GENERATED.items():
        runs[name] = [written(generate, folder / name).run_id]
    made = {name: _made(folder, name, of_name) for name, of_name in runs.items()}
    print(json.dumps(made))


def _made(folder: Path, name: str, runs: list[str]) -> dict[str, object]:
    file = folder / f"{name}.html"
    file.write_text(page_of_run(RunStore(folder / name), runs[-1]), encoding="utf-8", errors="replace")
    return {"folder": str(folder / name), "runs": runs, "page": str(file)}


def page_of_run(store: RunStore, run_id: str) -> str:
    """The page that `oe inspect --html` writes of a run."""
    log = read_log(store.log(run_id))
    assert log.problems == ()
    summary = summarise(fold(log.records), alive=False)
    assert summary is not None
    return page_of(log, summary)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
