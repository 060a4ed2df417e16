"""`oe run`: starts a new run, which restores nothing."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine.cli.before_start import CallOptions, call_options, may_start
from engine.cli.budget_options import budget_options
from engine.cli.execute import execute
from engine.cli.loading import load_valid, parse_args
from engine.cli.log_options import LogOptions, logging_options
from engine.cli.options import OeError, concurrency_option, examples, llm_option, path_argument, python_option
from engine.cli.output.printing import print_json, print_text
from engine.experience.model import Kind
from engine.llm.budget import BudgetLimits
from engine.llm.providers import ANTHROPIC, usable_provider
from engine.runner.prepare import Preparation, RunRefusedError, prepare_run
from engine.runner.preview import plan_of_run, preview
from engine.runner.session import new_run_id


@click.command(
    "run",
    epilog=examples(
        ("oe run", "the experience in this folder"),
        ("oe run examples/city-report --plan", "what would run; runs nothing"),
        ('oe run --args \'{"city": "Oslo"}\'', "with args for the experience"),
        ("oe run --log-format json | jq .msg", "one JSON object per line"),
    ),
)
@path_argument
@click.option(
    "--args",
    "args_text",
    default="{}",
    metavar="JSON",
    help="The args, a JSON object; - reads it from stdin.  [default: {}]",
)
@click.option(
    "--plan", "only_plan", is_flag=True, help="Print the steps, commands, files, hosts and calls; run nothing."
)
@click.option("--json", "as_json", is_flag=True, help="With --plan: print one JSON document.")
@concurrency_option
@budget_options
@click.option("--keep-state", is_flag=True, help="Start from the persisted state instead of the defaults.")
@call_options
@llm_option("anthropic, or the only one whose key is set")
@python_option
@click.option("--run-id", hidden=True, help="The id of the run, a UUID; for the language server.")
@logging_options
def command(
    path: Path,
    args_text: str,
    only_plan: bool,
    as_json: bool,
    concurrency: int | None,
    budget: BudgetLimits,
    keep_state: bool,
    llm: str | None,
    python: str | None,
    run_id: str | None,
    calls: CallOptions,
    log: LogOptions,
) -> int:
    """Start a run of the experience at PATH (a folder or an experience.yaml; default: this folder).

    Events are written to .openexpertise/runs/RUN-ID.jsonl as they happen.
    `oe resume RUN-ID` resumes a run that failed, was cancelled or was killed.
    Ctrl-C cancels the run; Ctrl-C again kills it.

    Exit codes: 0 success, 1 failure or invalid experience, 2 wrong usage,
    3 waiting, 130 cancelled.
    """
    if as_json and not only_plan:
        raise click.UsageError("--json needs --plan; for events as JSON use --log-format json")
    args = parse_args(args_text)
    try:
        loaded = load_valid(path)
        name = llm or usable_provider().name
        preparation = prepare_run(loaded, args, keep_state=keep_state, llm=name, budget=budget)
    except RunRefusedError as error:
        raise OeError(str(error)) from error
    if llm is None:
        _mention_provider(preparation)
    if only_plan:
        _print_plan(preparation, as_json=as_json, python=python)
        return 0
    if not may_start(preparation, lambda: plan_of_run(preparation), calls, log, python):
        return 130
    return execute(preparation, run_id or new_run_id(), log, concurrency, python)


def _mention_provider(preparation: Preparation) -> None:
    """Say which provider the environment selected, if that is not the default and a node uses it."""
    provider = preparation.provider
    is_used = any(node.kind in (Kind.AGENT, Kind.SKILL) for node in preparation.composition.all_nodes())
    if provider is not ANTHROPIC and is_used:
        variable = provider.set_variable(os.environ)
        print_text(
            f"oe: agents and skills use {provider.name}, since {variable} is set and {ANTHROPIC.account.key} is not. "
            "Use --llm to choose another.",
            err=True,
        )


def _print_plan(preparation: Preparation, *, as_json: bool, python: str | None) -> None:
    from engine.cli.run_plan import forecast
    from engine.report.forecast import forecast_lines, forecast_to_json
    from engine.report.run_preview import preview_lines, preview_to_json

    steps = forecast(preparation, python)
    found = preview(preparation, plan_of_run(preparation), python)
    name = f"{preparation.experience.name} {preparation.experience.version}"
    if as_json:
        print_json({**forecast_to_json(name, steps), **preview_to_json(found)})
    else:
        print_text("\n".join([*forecast_lines(name, steps), *preview_lines(found)]))
