"""`oe resume --isolated`: runs one node alone, and prints what it put out beside the last outcome."""

from __future__ import annotations

import os

import click

from engine.cache.decisions.address import AddressError
from engine.cache.plan.estimate import estimate
from engine.cache.plan.pending import Pending
from engine.cli.before_start import CallOptions, may_call_so_often
from engine.cli.execute import execute
from engine.cli.log_options import LogFormat, LogLevel, LogOptions
from engine.cli.options import OeError
from engine.cli.output.printing import print_text
from engine.cli.stored_run import read_stored
from engine.nodes.requirements import Machine
from engine.report.executions import history
from engine.report.isolated import isolated_lines, whole_output
from engine.report.run_preview import refusal_text
from engine.runner.isolated import prepare_isolated
from engine.runner.needs import needs_of
from engine.runner.prepare import Preparation, RunRefusedError


def run_isolated(
    resume: Preparation,
    address: str,
    run_id: str,
    log: LogOptions,
    calls: CallOptions,
    concurrency: int | None,
    python: str | None,
) -> int:
    """Run the node at `address` alone, on what it last received in the run that `resume` resumes.

    Returns the exit code. Raises OeError, and click.UsageError for a wrong address.
    """
    try:
        preparation = prepare_isolated(resume, address)
    except AddressError as error:
        raise click.UsageError(str(error)) from error
    except RunRefusedError as error:
        raise OeError(str(error)) from error
    pending = _pending(preparation)
    _require_needs(preparation, pending, python)
    if not may_call_so_often(estimate((pending,), preparation.provider), "run", calls, log):
        return 130
    code = execute(preparation, run_id, log, concurrency, python)
    if log.format is LogFormat.PRETTY and log.level.shows(LogLevel.INFO):
        now = history(read_stored(preparation.store, run_id).records)
        before = (history(each.records) for each in preparation.logs)
        for line in isolated_lines(now, before, whole_output(preparation.store.blobs.read)):
            print_text(line)
    return code


def _pending(preparation: Preparation) -> Pending:
    """The executions to do: one, or those of all items of a fan-out."""
    isolated, within = preparation.isolated, preparation.composition
    assert isolated is not None
    *nesting, last = isolated.target
    for level in nesting:
        within = within.nested[level.node.id]
    return Pending(last.node, isolated.address, within.home, last.executions, is_first=True)


def _require_needs(preparation: Preparation, pending: Pending, python: str | None) -> None:
    """Raises OeError if the node certainly fails for what this machine lacks: its run would say nothing else."""
    needs = needs_of((pending,), Machine(os.environ, preparation.provider, python))
    if needs:
        raise OeError(refusal_text(needs))
