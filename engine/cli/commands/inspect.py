"""`oe inspect`: shows one run as a table, as JSON, as an HTML page, or live."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.log_options import LogOptions, logging_options
from engine.cli.options import OeError, examples, experience_folder, experience_option
from engine.cli.output.printing import print_json, print_text
from engine.cli.stored_run import LATEST, find_run, read_stored, run_id_argument
from engine.log.events.codec import to_json
from engine.log.reading.reader import Log
from engine.log.reading.summary import RunSummary, summarise
from engine.log.reading.view import fold
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore


@click.command(
    "inspect",
    epilog=examples(
        ("oe inspect latest", "the newest run as a table"),
        ("oe inspect 4f3a --html run.html", "a page with graph, timeline, inputs and outputs"),
        ("oe inspect 4f3a --html run.html --redact", "for somebody who may not see the data"),
        ("oe inspect --serve", "the same page in the browser, live and with buttons"),
        ("oe inspect latest --follow", "live in the terminal"),
        ("oe inspect latest --json | jq '.[].type'", "the types of its events"),
    ),
)
@run_id_argument("wanted", required=False)
@experience_option
@click.option("--json", "as_json", is_flag=True, help="Print the events as one JSON array.")
@click.option("--follow", is_flag=True, help="Watch the run until it ends.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write an offline HTML page.",
)
@click.option("--redact", is_flag=True, help="With --html: leave out values, and texts that may hold one.")
@click.option("--serve", is_flag=True, help="Serve the page on this machine, live, until nobody looks at it.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="With --serve: the port.  [default: a free one]",
)
@click.option("--open/--no-open", "opens", default=None, help="With --serve: open the page in a browser, or not.")
@click.option("--from-editor", is_flag=True, hidden=True, help="With --serve: stdin tells what an editor shows.")
@logging_options
@click.pass_context
def command(
    ctx: click.Context,
    wanted: str | None,
    path: Path,
    as_json: bool,
    follow: bool,
    html: Path | None,
    redact: bool,
    serve: bool,
    port: int,
    opens: bool | None,
    from_editor: bool,
    log: LogOptions,
) -> int:
    """Show the run RUN-ID: an id, a prefix of one, or `latest`.

    --html writes one file with the graph, a timeline, and the inputs and
    outputs of every node. It needs no network. --redact leaves out what the
    run worked with, and error messages; names, statuses, times and costs
    stay. --serve shows the same page
    live, of the newest run where none is named, with buttons that resume and
    cancel. Only this machine can open its address, which holds a secret; it
    ends 30 s after the last viewer has left. --follow exits with the exit
    code of the run, or 1 if the run was interrupted.
    """
    if (as_json or html is not None) and follow:
        raise click.UsageError("--follow excludes --json and --html; for JSON lines use --log-format json")
    if serve and (as_json or follow or html is not None):
        raise click.UsageError("--serve excludes --follow, --html and --json")
    if redact and html is None:
        raise click.UsageError("--redact needs --html FILE")
    if (port or opens is not None or from_editor) and not serve:
        raise click.UsageError("--port, --open and --no-open need --serve")
    store = RunStore(experience_folder(path))
    if serve:
        return _serve(store, wanted or LATEST, port, opens, from_editor=from_editor)
    if wanted is None:
        raise click.MissingParameter(ctx=ctx, param=ctx.command.params[0], param_hint="'RUN-ID'")
    run_id = find_run(store, wanted)
    if follow:
        from engine.cli.follow import follow_run

        return follow_run(store, run_id, log)
    alive = is_held(store.lock(run_id))  # first: a run that ends in between then counts as ended, not as interrupted
    read = read_stored(store, run_id)
    if as_json:
        print_json([to_json(record) for record in read.records])
        return 0
    view = fold(read.records)
    summary = summarise(view, alive=alive)
    assert summary is not None  # read_log ensures the first line
    if html is not None:
        _write_page(read, summary, html, redacted=redact)
        return 0
    from engine.cli.output.run_details import print_run

    print_run(read, view, summary)
    return 0


def _serve(store: RunStore, wanted: str, port: int, opens: bool | None, *, from_editor: bool) -> int:
    from engine.cli.served_page import serve_editor, serve_page

    chosen = None if wanted == LATEST else find_run(store, wanted)
    if from_editor:
        return serve_editor(store.directory, chosen, port)
    return serve_page(store.directory, chosen, port, opens=opens)


def _write_page(log: Log, summary: RunSummary, file: Path, *, redacted: bool) -> None:
    from engine.cli.output.run_page import page_of

    try:
        file.write_text(page_of(log, summary, redacted=redacted), encoding="utf-8", errors="replace")
    except OSError as error:
        raise OeError(f"{file} cannot be written: {error.strerror or error}") from error
    print_text(f"wrote {file}")
