"""`oe diff`: two runs of an experience, side by side."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine.cli.options import OeError, experience_folder, experience_option
from engine.cli.stored_run import find_run, run_id_argument
from engine.log.reader import UnreadableLogError, read_log
from engine.log.store import RunStore
from engine.report.diff import compare, difference_lines, differences_to_json
from engine.report.executions import History, history


@click.command("diff", epilog="Examples: `oe diff 4f3a1b2c latest` · `oe diff 4f3a1b2c 9a8b7c6d --json | jq .`")
@run_id_argument("left")
@run_id_argument("right")
@experience_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(left: str, right: str, path: Path, as_json: bool) -> int:
    """Compare two runs: what ended otherwise, which inputs and outputs differ, how long it took.

    A RUN-ID is an id, the beginning of one, or `latest`. Items of a fan-out
    are matched by their value. What was restored is as good as what ran.
    """
    store = RunStore(experience_folder(path))
    ids = find_run(store, left), find_run(store, right)
    before, after = (_read(store, run_id) for run_id in ids)
    differences = compare(before, after)
    if as_json:
        document = {"left": ids[0], "right": ids[1], "executions": differences_to_json(differences)}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return 0
    click.echo(f"left {ids[0]} · right {ids[1]}")
    click.echo("\n".join(difference_lines(differences)))
    return 0


def _read(store: RunStore, run_id: str) -> History:
    try:
        return history(read_log(store.log(run_id)).records)
    except (UnreadableLogError, OSError) as error:
        raise OeError(str(error)) from error
