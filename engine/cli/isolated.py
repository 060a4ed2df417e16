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
from engine.cli.output.printing import print_json, print_text
from engine.cli.stored_run import read_stored
from engine.nodes.requirements import Machine
from engine.report.executions import history
from engine.report.isolated import isolated_lines, whole_output
from engine.report.run_preview import preview_lines, preview_to_json, refusal_text
from engine.runner.isolated import prepare_isolated
from engine.runner.needs import needs_of
from engine.runner.prepare import Preparation, RunRefusedError
from engine.runner.preview import Preview


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
    preparation = _prepared(resume, address)
    found = _preview(preparation, python)
    if found.needs:  # its run would say nothing else
        raise OeError(refusal_text(found.needs))
    if not may_call_so_often(found.estimate, "run", calls, log):
        return 130
    code = execute(preparation, run_id, log, concurrency, python)
    if log.format is LogFormat.PRETTY and log.level.shows(LogLevel.INFO):
        now = history(read_stored(preparation.store, run_id).records)
        before = (history(each.records) for each in preparation.logs)
        for line in isolated_lines(now, before, whole_output(preparation.store.blobs.read)):
            print_text(line)
    return code


def print_isolated_plan(resume: Preparation, address: str, *, as_json: bool, python: str | None) -> None:
    """Print what running the node at `address` alone needs and may cost. Raises as `run_isolated` does."""
    preparation = _prepared(resume, address)
    assert preparation.isolated is not None
    found = _preview(preparation, python)
    if as_json:
        print_json(preview_to_json(found))
        return
    run_id = preparation.isolated.original_run_id
    head = f"Runs only {address}, on what it last received in run {run_id[:8]} (nothing is run)"
    print_text("\n".join([head, *preview_lines(found)]))


def _prepared(resume: Preparation, address: str) -> Preparation:
    try:
        return prepare_isolated(resume, address)
    except AddressError as error:
        raise click.UsageError(str(error)) from error
    except RunRefusedError as error:
        raise OeError(str(error)) from error


def _preview(preparation: Preparation, python: str | None) -> Preview:
    """What the executions need and may cost: one, or those of all items of a fan-out."""
    isolated, within = preparation.isolated, preparation.composition
    assert isolated is not None
    *nesting, last = isolated.target
    for level in nesting:
        within = within.nested[level.node.id]
    pending = Pending(last.node, isolated.address, within.home, last.executions, is_first=True)
    machine = Machine(os.environ, preparation.provider, python)
    return Preview(needs_of((pending,), machine), estimate((pending,), preparation.provider))
