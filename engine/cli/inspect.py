"""`oe inspect`: one run, node by node."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine.cli.options import OeError, experience_folder, experience_option
from engine.log.codec import to_json
from engine.log.lock import is_held
from engine.log.reader import Log, UnreadableLogError, read_log
from engine.log.store import RunNotFoundError, RunStore
from engine.log.summary import RunSummary, summarise
from engine.log.view import NodeView, RunView, fold
from engine.log.words import counts_text, duration


@click.command("inspect", epilog="Examples: `oe inspect 4f3a1b2c` · `oe inspect latest --json | jq '.[].type'`")
@click.argument("wanted", metavar="RUN-ID")
@experience_option
@click.option("--json", "as_json", is_flag=True, help="Print the events as one JSON array.")
def command(wanted: str, path: Path, as_json: bool) -> int:
    """Show the run RUN-ID: an id, the beginning of one, or `latest`."""
    store = RunStore(experience_folder(path))
    try:
        ids = store.run_ids()
        run_id = ids[0] if wanted == "latest" and ids else store.find(wanted)
        alive = is_held(store.lock(run_id))
        log = read_log(store.log(run_id))
    except (RunNotFoundError, UnreadableLogError) as error:
        raise OeError(str(error)) from error
    if as_json:
        click.echo(json.dumps([to_json(record) for record in log.records], indent=2, ensure_ascii=False))
        return 0
    view = fold(log.records)
    summary = summarise(view, alive=alive)
    assert summary is not None  # read_log ensures the first line
    _print(log, view, summary)
    return 0


def _print(log: Log, view: RunView, summary: RunSummary) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from engine.cli.pretty import SIGNS

    console = Console(highlight=False, soft_wrap=True)
    console.print(Text.assemble((summary.experience, "bold"), f" · run {summary.run_id} · {summary.state.value}"))
    if summary.original_run_id:
        console.print(Text(f"resumes {summary.original_run_id}", "dim"))
    table = Table(box=None, pad_edge=False)
    for heading in ("", "node", "status", "time", "what happened"):
        table.add_column(heading)
    for node in view.nodes.values():
        sign, style = SIGNS[node.effective_status()]
        took = duration(node.duration_ms) if node.duration_ms is not None else ""
        table.add_row(Text(sign, style), node.node_id, node.effective_status().value, took, Text(_story(node)))
    console.print(table)
    took = f" · {duration(summary.duration_ms)}" if summary.duration_ms is not None else ""
    console.print(f"{counts_text(summary.counts)}{took} · log {log.path}", markup=False)
    for problem in log.problems:
        console.print(Text(f"line {problem.line} of the log could not be read: {problem.message}", "yellow"))


def _story(node: NodeView) -> str:
    if node.error is not None:
        return node.error.message
    if node.reason is not None:
        return node.reason
    if node.items is not None:
        return f"{node.items_ended} of {node.items} items"
    return node.activity or ""
