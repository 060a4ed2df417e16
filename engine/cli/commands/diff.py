"""`oe diff`: compares two runs of an experience."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import OeError, examples, experience_folder, experience_option
from engine.cli.output.printing import print_json, print_text
from engine.cli.stored_run import find_run, run_id_argument
from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.run_store import RunStore
from engine.report.comparison.runs import ComparedRun, compare_runs, read_compared_run
from engine.report.comparison.text import comparison_lines
from engine.report.comparison.to_json import comparison_to_json


@click.command(
    "diff",
    epilog=examples(
        ("oe diff 4f3a latest", "what is different in the newest run"),
        ("oe diff 4f3a latest --html diff.html", "a page with the runs side by side"),
        ("oe diff 4f3a 9a8b --json | jq .executions", "for a script"),
    ),
)
@run_id_argument("left")
@run_id_argument("right")
@experience_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write an offline HTML page.",
)
def command(left: str, right: str, path: Path, as_json: bool, html: Path | None) -> int:
    """Compare two runs: status, args, files, inputs, outputs, time and cost.

    A RUN-ID is an id, a prefix of one, or `latest`. Items of a fan-out are
    matched by value. Restored counts as completed. Values that come from
    secrets are not compared. --html writes one file with the runs side by
    side, and texts line by line; it needs no network.
    """
    if as_json and html is not None:
        raise click.UsageError("--html excludes --json")
    store = RunStore(experience_folder(path))
    comparison = compare_runs(*(_read(store, find_run(store, wanted)) for wanted in (left, right)))
    if as_json:
        print_json(comparison_to_json(comparison))
        return 0
    if html is not None:
        from engine.report.page.compare_page import compare_page

        _write(html, compare_page(comparison))
        return 0
    ids = (run.summary.run_id for run in (comparison.left, comparison.right))
    print_text("left {} · right {}".format(*ids))
    print_text("\n".join(comparison_lines(comparison)))
    return 0


def _read(store: RunStore, run_id: str) -> ComparedRun:
    try:
        return read_compared_run(store, run_id)
    except UnreadableLogError as error:
        raise OeError(str(error)) from error
    except OSError as error:
        raise OeError(f"{store.log(run_id)} cannot be read: {error.strerror}") from error


def _write(file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise OeError(f"{file} cannot be written: {error.strerror or error}") from error
    print_text(f"wrote {file}")
