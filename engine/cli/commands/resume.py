"""`oe resume`: take up a run again. Restores what completed, runs the rest."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path

import click
from msgspec.structs import replace

from engine.cache.decisions.overrides import UnknownNodeError, wishes_of
from engine.cache.plan.plan_entries import Plan
from engine.cli.confirm import ask_what_may_rerun
from engine.cli.execute import perform
from engine.cli.loading import load_valid
from engine.cli.log_options import LogOptions, logging_options
from engine.cli.options import OeError, concurrency_option, examples, experience_option, llm_option, python_option
from engine.cli.output.plan_text import plan_lines, plan_to_json
from engine.cli.output.printing import print_json, print_text
from engine.cli.stored_run import run_id_argument
from engine.log.events.events import RunFinished
from engine.log.storage.lock import other_host
from engine.nodes.registry import kinds
from engine.runner.prepare import Preparation, RunRefusedError, make_llm, make_plan, prepare_resume
from engine.runner.session import new_run_id as fresh_run_id

PLAN_CHANGED = 4
"""The exit code where the plan is not the expected one."""

_MOST_NAMED = 10


@click.command(
    "resume",
    epilog=examples(
        ("oe resume latest --plan", "what would be restored, and why not"),
        ("oe resume latest", "the newest run"),
        ("oe resume 4f3a --experience examples/city-report", "a run of another folder"),
        ("oe --log-format json resume latest | jq .msg", "one JSON object a line"),
    ),
)
@run_id_argument("original")
@experience_option
@click.option("--plan", "only_plan", is_flag=True, help="Print what would be restored and what would run; run nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --plan: print one JSON document.")
@click.option("--from", "from_", multiple=True, metavar="NODE", help="Run NODE again, and all that comes after it.")
@click.option(
    "--only", multiple=True, metavar="NODE", help="Run NODE and what it needs; restore or leave out the rest."
)
@click.option("--rerun", multiple=True, metavar="NODE", help="Run NODE again, although it could be restored.")
@click.option("--accept", multiple=True, metavar="NODE", help="Restore NODE, although it changed; the log will say so.")
@click.option("--expect", metavar="DIGEST", help="Go on only if the plan still is the one that --plan showed.")
@click.option("--accept-changes", is_flag=True, help="With --expect: go on all the same.")
@click.option("--force", is_flag=True, help="Resume a run that is still running.")
@concurrency_option
@llm_option("that of the original")
@python_option
@click.option("--text-from-stdin", is_flag=True, hidden=True, help="With --plan: stdin holds the experience.yaml.")
@click.option("--new-run-id", hidden=True, help="The id for the new run, a UUID; the language server makes it.")
@logging_options
def command(
    original: str,
    path: Path,
    only_plan: bool,
    as_json: bool,
    from_: tuple[str, ...],
    only: tuple[str, ...],
    rerun: tuple[str, ...],
    accept: tuple[str, ...],
    expect: str | None,
    accept_changes: bool,
    force: bool,
    concurrency: int | None,
    llm: str | None,
    python: str | None,
    text_from_stdin: bool,
    new_run_id: str | None,
    log: LogOptions,
) -> int:
    """Take up the run RUN-ID again: an id, the beginning of one, or `latest`.

    Nodes whose inputs and files are what they were are restored from the
    run's log; the others run. The args come from the log. The resume is a run
    of its own, with a new id and a new log; the old log stays as it is.

    Exit codes: 0 success, 1 failure, or experience.yaml or the log not found,
    2 wrong usage, 3 waiting, 4 the plan is not the expected one, 130 cancelled.
    """
    if as_json and not only_plan:
        raise click.UsageError("--json goes with --plan; for events as JSON: --log-format json")
    if text_from_stdin and not only_plan:
        raise click.UsageError("--text-from-stdin goes with --plan: only what is on disk can run")
    loaded = load_valid(path, sys.stdin.buffer.read().decode("utf-8", "surrogatepass") if text_from_stdin else None)
    try:
        preparation = prepare_resume(loaded, original, force=force, llm=llm)
    except RunRefusedError as error:
        raise OeError(str(error)) from error
    _tell_of_another_host(preparation)
    asked = _asked(preparation, from_=from_, only=only, rerun=rerun, accept=accept)
    if only_plan:
        _print_plan(_planned(asked, python), as_json=as_json)
        return 0
    if expect is not None and not accept_changes:
        made = _planned(asked, python)
        if made.digest != expect:
            _print_changed(made)
            return PLAN_CHANGED
    asked = replace(asked, may_rerun=ask_what_may_rerun(asked))
    return perform(asked, new_run_id or fresh_run_id(), log, concurrency, python)


def _tell_of_another_host(preparation: Preparation) -> None:
    """Whether a run that was begun elsewhere still goes on there, not every network disk lets this machine see."""
    log = preparation.logs[0]
    run_id = log.records[0].run_id
    host = None if isinstance(log.records[-1].event, RunFinished) else other_host(preparation.store.lock(run_id))
    if host is not None:
        print_text(
            f"oe: run {run_id} was begun on {host} and has no end. If it still goes on there, its nodes run twice.",
            err=True,
        )


def _asked(preparation: Preparation, **ids: tuple[str, ...]) -> Preparation:
    """The preparation with what else was asked for. Raises click.UsageError for an id that nothing has."""
    try:
        return replace(preparation, wishes=wishes_of(preparation.experience, preparation.graph, **ids))
    except UnknownNodeError as error:
        known = ", ".join(get_close_matches(error.id, error.known) or error.known[:_MOST_NAMED])
        raise click.UsageError(f"there is no node '{error.id}' in {preparation.loaded.path}: {known}") from error


def _planned(preparation: Preparation, python: str | None) -> Plan:
    return make_plan(preparation, kinds(preparation.loaded.directory, python=python, llm=make_llm(preparation)))


def _print_plan(made: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(plan_to_json(made))
    else:
        print_text("\n".join(plan_lines(made)))


def _print_changed(made: Plan) -> None:
    """Nothing was run: what holds now, and how to go on."""
    print_text("\n".join(plan_lines(made)), err=True)
    print_text("oe: the plan is no longer the expected one; nothing was run. --accept-changes goes on.", err=True)
