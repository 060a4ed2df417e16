"""Makes what the browser tests look at: `python -m tests.pages.make_pages FOLDER`.

Runs the examples and writes the generated runs, each into a folder of its own, with the page of its newest run beside
it, and the page that compares its first run with the newest, if it has two. Prints, as JSON,
`{name: {folder, runs, page, comparison}}`; `runs` has the oldest first.
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
from engine.report.comparison.runs import compare_runs, read_compared_run
from engine.report.page.compare_page import compare_page
from tests.support.example_runs import run_examples
from tests.support.generated_runs import GENERATED, SECOND, written


def main(folder: Path) -> None:
    """Make everything in `folder`, which is empty or does not exist."""
    runs = asyncio.run(run_examples(folder))
    for name, generate in GENERATED.items():
        generates = [generate, SECOND[name]] if name in SECOND else [generate]
        runs[name] = [written(each, folder / name).run_id for each in generates]
    made = {name: _made(folder, name, of_name) for name, of_name in runs.items()}
    print(json.dumps(made))


def _made(folder: Path, name: str, runs: list[str]) -> dict[str, object]:
    file = folder / f"{name}.html"
    store = RunStore(folder / name)
    _write(file, page_of_run(store, runs[-1]))
    made: dict[str, object] = {"folder": str(store.directory), "runs": runs, "page": str(file)}
    if len(runs) > 1:
        comparison = folder / f"{name}-comparison.html"
        left, right = (read_compared_run(store, run_id) for run_id in (runs[0], runs[-1]))
        _write(comparison, compare_page(compare_runs(left, right)))
        made["comparison"] = str(comparison)
    return made


def _write(file: Path, page: str) -> None:
    file.write_text(page, encoding="utf-8", errors="replace")


def page_of_run(store: RunStore, run_id: str) -> str:
    """The page that `oe inspect --html` writes of a run."""
    log = read_log(store.log(run_id))
    assert log.problems == ()
    summary = summarise(fold(log.records), alive=False)
    assert summary is not None
    return page_of(log, summary)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
