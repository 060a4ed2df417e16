"""`oe diff`: compares two runs of an experience."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import examples, experience_folder, experience_option
from engine.cli.output.printing import print_json, print_text
from engine.cli.stored_run import find_run, read_stored, run_id_argument
from engine.log.reading.reader import Log
from engine.log.storage.blobs import blobs_of
from engine.log.storage.run_store import RunStore
from engine.log.values.input_values import InputValues
from engine.report.diff import compare, difference_lines, differences_to_json
from engine.report.executions import history


@click.command(
    "diff",
    epilog=examples(
        ("oe diff 4f3a latest", "what is different in the newest run"),
        ("oe diff 4f3a 9a8b --json | jq .executions", "for a script"),
    ),
)
@run_id_argument("left")
@run_id_argument("right")
@experience_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(left: str, right: str, path: Path, as_json: bool) -> int:
    """Compare two runs: statuses, inputs, outputs, durations and costs.

    A RUN-ID is an id, a prefix of one, or `latest`. Items of a fan-out are
    matched by value. Restored counts as completed.
    """
    store = RunStore(experience_folder(path))
    ids = find_run(store, left), find_run(store, right)
    logs = [read_stored(store, run_id) for run_id in ids]
    before, after = (history(log.records) for log in logs)
    differences = compare(before, after, *map(_values, logs))
    if as_json:
        document = {"left": ids[0], "right": ids[1], "executions": differences_to_json(differences)}
        print_json(document)
        return 0
    print_text(f"left {ids[0]} · right {ids[1]}")
    print_text("\n".join(difference_lines(differences)))
    return 0


def _values(log: Log) -> InputValues:
    return InputValues(log.records, blobs_of(log.path).read)
