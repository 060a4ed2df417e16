"""`oe run`: start a run. It starts afresh and never restores."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from engine.cli.options import (
    EXIT_CODES,
    LogOptions,
    OeError,
    concurrency_option,
    load_valid,
    logging_options,
    parse_args,
    path_argument,
    python_option,
)
from engine.cli.reporting import reporter
from engine.runner.preparation import Preparation, RunRefusedError, prepare_run
from engine.runner.session import carry_out, new_run_id


@click.command(
    "run",
    epilog="Examples: `oe run` · `oe run examples/city-report` · "
    '`oe run --args \'{"city": "Oslo"}\'` · `oe --log-format json run | jq .msg`',
)
@path_argument
@click.option("--args", "args_text", default="{}", metavar="JSON", help="The run's args, a JSON object.  [default: {}]")
@concurrency_option
@python_option
@click.option("--run-id", hidden=True, help="The id for the run, a UUID; the language server makes it.")
@logging_options
def command(
    path: Path, args_text: str, concurrency: int | None, python: str | None, run_id: str | None, log: LogOptions
) -> int:
    """Start a run of the experience at PATH (a folder or an experience.yaml; default: this folder).

    Every event goes to .openexpertise/runs/RUN-ID.jsonl as it happens. A run
    that fails, is cancelled or is killed can be taken up again with
    `oe resume RUN-ID`. Ctrl-C ends it gracefully, twice at once.

    Exit codes: 0 success, 1 failure or invalid experience, 2 wrong usage,
    3 waiting, 130 cancelled.
    """
    args = parse_args(args_text)
    try:
        preparation = prepare_run(load_valid(path), args)
    except RunRefusedError as error:
        raise OeError(str(error)) from error
    return perform(preparation, run_id or new_run_id(), log, concurrency, python)


def perform(preparation: Preparation, run_id: str, log: LogOptions, concurrency: int | None, python: str | None) -> int:
    """Carry out a prepared run or resume, print it as it goes, and return the exit code. Raises OeError."""
    if sys.platform == "win32":
        raise OeError("running needs Linux or macOS. On Windows, use WSL.")
    report = reporter(log)
    try:
        ended = asyncio.run(carry_out(preparation, run_id, report.record, concurrency=concurrency, python=python))
    except RunRefusedError as error:
        raise OeError(str(error)) from error
    except OSError as error:
        raise OeError(
            f"the run log could not be written ({error.strerror or error}); what is in it is valid. "
            f"Make room, then: oe resume {run_id}"
        ) from error
    report.ended(preparation, ended)
    return EXIT_CODES[ended.finished.status]
