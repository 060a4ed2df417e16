"""Says before a run starts what it lacks, and asks whether it may make many calls."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import click

from engine.cache.plan.estimate import Estimate
from engine.cache.plan.plan_entries import Plan
from engine.cli.log_options import LogFormat, LogOptions
from engine.cli.options import OeError
from engine.cli.output.printing import print_text
from engine.report.run_preview import estimate_text, need_lines, refusal_text
from engine.runner.prepare import Preparation
from engine.runner.preview import may_call, may_lack, preview

DEFAULT_CALLS = 20

Function = TypeVar("Function", bound=Callable[..., Any])


class CallOptions(NamedTuple):
    """The values of --confirm-calls and --yes."""

    most: int
    yes: bool


def call_options(function: Function) -> Function:
    """Add --confirm-calls and --yes to a command, which gets both as `calls`."""

    @functools.wraps(function)
    def with_calls(*args: Any, confirm_calls: int, yes: bool, **kwargs: Any) -> Any:
        return function(*args, calls=CallOptions(confirm_calls, yes), **kwargs)

    return cast(Function, _confirm_calls(_yes(with_calls)))


_confirm_calls = click.option(
    "--confirm-calls",
    type=click.IntRange(min=0),
    default=DEFAULT_CALLS,
    metavar="N",
    help=f"In a terminal, ask before more than N calls of models or coding agents.  [default: {DEFAULT_CALLS}]",
)
_yes = click.option("--yes", is_flag=True, help="Do not ask before many calls.")


def may_start(
    preparation: Preparation, plan: Callable[[], Plan], calls: CallOptions, log: LogOptions, python: str | None
) -> bool:
    """Whether a prepared run or resume may start; False if the user said no. Prints a warning if something is missing.

    `plan` makes its plan, which is done only if something is missing, or there may be calls and somebody to ask. Raises
    OeError if a node that certainly runs, and waits for nothing, cannot run.
    """
    asks = _may_ask(calls, log) and may_call(preparation)
    if not asks and not may_lack(preparation, python):
        return True
    found = preview(preparation, plan(), python)
    if any(need.stops for need in found.needs):
        raise OeError(refusal_text(found.needs))
    if found.needs:
        print_text(
            "\n".join(["oe: missing on this machine, for nodes that may run:", *need_lines(found.needs)]), err=True
        )
    return may_call_so_often(found.estimate, "run" if preparation.original is None else "resume", calls, log)


def may_call_so_often(expected: Estimate, what: str, calls: CallOptions, log: LogOptions) -> bool:
    """Whether a `what`, `run` or `resume`, may make the expected calls: asks about many where there is somebody."""
    if not _may_ask(calls, log) or (expected.most <= calls.most and not expected.open):
        return True
    print_text(f"oe: this {what} may make {estimate_text(expected)}", err=True)
    return click.confirm("Go on?", default=False, err=True)


def _may_ask(calls: CallOptions, log: LogOptions) -> bool:
    return not calls.yes and log.format is LogFormat.PRETTY and _is_someone_there()


def _is_someone_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
