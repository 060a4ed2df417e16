"""`oe resume`: resumes a run. Restores what completed and runs the rest."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

from engine.cache.decisions.address import AddressError
from engine.cache.decisions.overrides import overrides_of
from engine.cache.plan.plan_entries import Plan
from engine.cli.before_start import CallOptions, call_options, may_start
from engine.cli.budget_options import budget_options
from engine.cli.confirm import confirm_reruns
from engine.cli.execute import execute
from engine.cli.isolated import print_isolated_plan, run_isolated
from engine.cli.loading import load_valid, parse_args
from engine.cli.log_options import LogOptions, logging_options
from engine.cli.options import OeError, concurrency_option, examples, experience_option, llm_option, python_option
from engine.cli.output.plan_text import plan_lines, plan_to_json
from engine.cli.output.printing import print_json, print_text
from engine.cli.stored_run import run_id_argument
from engine.llm.budget import BudgetLimits
from engine.log.events.events import RunFinished
from engine.log.storage.lock import other_host
from engine.nodes.registry import kinds
from engine.report.run_preview import preview_lines, preview_to_json
from engine.runner.prepare import Preparation, RunRefusedError, make_llm, make_plan, prepare_resume
from engine.runner.preview import preview
from engine.runner.session import new_run_id as fresh_run_id

PLAN_CHANGED = 4
"""The exit code if the plan is not the expected one."""


@click.command(
    "resume",
    epilog=examples(
        ("oe resume latest --plan", "what would be restored, and what not and why"),
        ("oe resume latest", "the newest run"),
        ("oe resume 4f3a --experience examples/city-report", "a run of another experience"),
        ("oe --log-format json resume latest | jq .msg", "one JSON object per line"),
    ),
)
@run_id_argument("original")
@experience_option
@click.option(
    "--args",
    "args_text",
    metavar="JSON",
    help="Args to change, a JSON object; - reads it from stdin. The others stay as they were.",
)
@click.option("--plan", "only_plan", is_flag=True, help="Print what would be restored and what would run; run nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --plan: print one JSON document.")
@click.option("--from", "from_", multiple=True, metavar="NODE", help="Run NODE again, and everything after it.")
@click.option("--only", multiple=True, metavar="NODE", help="Run NODE and what it needs; restore or skip the rest.")
@click.option("--rerun", multiple=True, metavar="NODE", help="Run NODE again, even if it could be restored.")
@click.option("--accept", multiple=True, metavar="NODE", help="Restore NODE, even if it changed; the log records that.")
@click.option("--isolated", metavar="NODE", help="Run only NODE, on what it last received; nothing after it.")
@click.option("--expect", metavar="DIGEST", help="Resume only if the plan is still the one that --plan showed.")
@click.option("--accept-changes", is_flag=True, help="With --expect: resume even if the plan changed.")
@click.option("--force", is_flag=True, help="Resume a run that is still running.")
@concurrency_option
@call_options
@budget_options
@llm_option("that of the original run")
@python_option
@click.option("--new-run-id", hidden=True, help="The id of the new run, a UUID; for the language server.")
@logging_options
def command(
    original: str,
    path: Path,
    args_text: str | None,
    only_plan: bool,
    as_json: bool,
    from_: tuple[str, ...],
    only: tuple[str, ...],
    rerun: tuple[str, ...],
    accept: tuple[str, ...],
    isolated: str | None,
    expect: str | None,
    accept_changes: bool,
    force: bool,
    concurrency: int | None,
    budget: BudgetLimits,
    llm: str | None,
    python: str | None,
    new_run_id: str | None,
    calls: CallOptions,
    log: LogOptions,
) -> int:
    """Resume the run RUN-ID: an id, a prefix of one, or `latest`.

    Restores nodes whose inputs and files are unchanged from the log of the
    run; runs the others. The args come from the log, except those in --args;
    then only nodes that receive a changed arg run again. The resume is a new
    run with a new id and a new log; the old log stays as it is.

    A NODE is the id of a node, a pipeline or a loop. It may reach inside:
    node[7] is an item of a fan-out or a pipeline, by its index in the list of
    the run; loop#3 is an iteration, counted from 0; parent/child is a node of
    a nested experience; parent[2]/child is one of them.

    --isolated runs one NODE alone and prints what it put out, beside its last
    outcome. Such a run changes no state, and no resume restores from it.

    Exit codes: 0 success, 1 failure, or experience.yaml or the log not found,
    2 wrong usage, 3 waiting, 4 the plan is not the expected one, 130 cancelled.
    """
    if as_json and not only_plan:
        raise click.UsageError("--json needs --plan; for events as JSON use --log-format json")
    if isolated is not None and (from_ or only or rerun or accept or expect):
        raise click.UsageError("--isolated excludes --expect, --from, --only, --rerun and --accept")
    args = None if args_text is None else parse_args(args_text)
    loaded = load_valid(path)
    try:
        preparation = prepare_resume(loaded, original, force=force, llm=llm, args=args, budget=budget)
    except RunRefusedError as error:
        raise OeError(str(error)) from error
    _warn_of_another_host(preparation)
    if isolated is not None and only_plan:
        print_isolated_plan(preparation, isolated, as_json=as_json, python=python)
        return 0
    if isolated is not None:
        return run_isolated(preparation, isolated, new_run_id or fresh_run_id(), log, calls, concurrency, python)
    preparation = _with_overrides(preparation, from_=from_, only=only, rerun=rerun, accept=accept)
    if only_plan:
        _print_plan(preparation, _plan(preparation, python), as_json=as_json, python=python)
        return 0
    if expect is not None and not accept_changes:
        plan = _plan(preparation, python)
        if plan.digest != expect:
            _print_changed(plan)
            return PLAN_CHANGED
    if not may_start(preparation, lambda: _plan(preparation, python), calls, log, python):
        return 130
    preparation = replace(preparation, may_rerun=confirm_reruns(preparation))
    return execute(preparation, new_run_id or fresh_run_id(), log, concurrency, python)


def _warn_of_another_host(preparation: Preparation) -> None:
    """Warn of a run that was started on another host: not every network disk shows whether it is still running."""
    log = preparation.logs[0]
    run_id = log.records[0].run_id
    host = None if isinstance(log.records[-1].event, RunFinished) else other_host(preparation.store.lock(run_id))
    if host is not None:
        print_text(
            f"oe: run {run_id} was started on {host} and has not ended. If it is still running there, nodes run twice.",
            err=True,
        )


def _with_overrides(preparation: Preparation, **addresses: tuple[str, ...]) -> Preparation:
    """The preparation with the overrides of the command line. Raises click.UsageError for a wrong address."""
    try:
        assert preparation.original is not None
        overrides = overrides_of(preparation.composition, preparation.original, **addresses)
    except AddressError as error:
        raise click.UsageError(str(error)) from error
    return replace(preparation, overrides=overrides)


def _plan(preparation: Preparation, python: str | None) -> Plan:
    return make_plan(preparation, kinds(preparation.loaded.directory, python=python, llm=make_llm(preparation)))


def _print_plan(preparation: Preparation, plan: Plan, *, as_json: bool, python: str | None) -> None:
    found = preview(preparation, plan, python)
    if as_json:
        print_json({**plan_to_json(plan), **preview_to_json(found)})
    else:
        print_text("\n".join(plan_lines(plan, tuple(preview_lines(found)))))


def _print_changed(plan: Plan) -> None:
    """Print the present plan, and how to resume nevertheless."""
    print_text("\n".join(plan_lines(plan)), err=True)
    print_text("oe: the plan has changed; nothing was run. --accept-changes resumes with this plan.", err=True)
