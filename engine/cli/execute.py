"""Executes a prepared run or resume: reports it to the terminal and returns the exit code."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from engine.cli.log_options import LogOptions
from engine.cli.options import OeError
from engine.cli.output.printing import print_text
from engine.cli.output.reporter import EXIT_CODES, RunEnd
from engine.cli.output.select_reporter import select_reporter
from engine.cli.output.shell_commands import resume_command
from engine.log.writing.writer import LogWriteError
from engine.runner.prepare import Preparation, RunRefusedError
from engine.runner.session import Ended, carry_out


def execute(preparation: Preparation, run_id: str, log: LogOptions, concurrency: int | None, python: str | None) -> int:
    """Execute a prepared run or resume, report it, and return the exit code. Raises OeError."""
    if sys.platform == "win32":
        raise OeError("running experiences needs Linux or macOS; on Windows, use WSL")
    with contextlib.closing(select_reporter(log)) as reporter:
        try:
            ended = asyncio.run(carry_out(preparation, run_id, reporter.record, concurrency=concurrency, python=python))
        except RunRefusedError as error:
            raise OeError(str(error)) from error
        except LogWriteError as error:
            raise OeError(_log_error_text(error, preparation, run_id)) from error
        reporter.ended(_end_of(preparation, ended))
    if ended.state_problem is not None:
        print_text(f"oe: {ended.state_problem}", err=True)
    return EXIT_CODES[ended.finished.status]


def _log_error_text(error: LogWriteError, preparation: Preparation, run_id: str) -> str:
    """What happened to the log, and how to continue."""
    remedy = f"{error.remedy[0].upper()}{error.remedy[1:]}, then" if error.remedy else "Resume with"
    if not error.resumable:
        return f"{error}. The run was stopped. {remedy} start it again" if error.remedy else f"{error}"
    command = resume_command(run_id, preparation.loaded.directory)
    return f"{error}. The run was stopped; what completed is kept. {remedy}: {command}"


def _end_of(preparation: Preparation, ended: Ended) -> RunEnd:
    return RunEnd(
        run_id=ended.run_id,
        finished=ended.finished,
        folder=ended.folder,
        original_run_id=_original_of(preparation),
        final_state=ended.shown_state,
        wrote={name: each.value for name, each in (ended.finished.wrote or {}).items()},
    )


def _original_of(preparation: Preparation) -> str | None:
    if preparation.isolated is not None:
        return preparation.isolated.original_run_id
    return preparation.original.run_id if preparation.original is not None else None
