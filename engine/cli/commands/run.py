"""`oe run`: start a run. It starts afresh and never restores."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine.cli.execute import perform
from engine.cli.loading import load_valid, parse_args
from engine.cli.log_options import LogOptions, logging_options
from engine.cli.options import OeError, concurrency_option, examples, llm_option, path_argument, python_option
from engine.cli.output.printing import print_json, print_text
from engine.experience.model import Kind
from engine.llm.providers import ANTHROPIC, usable_provider
from engine.runner.prepare import Preparation, RunRefusedError, prepare_run
from engine.runner.session import new_run_id


@click.command(
    "run",
    epilog=examples(
        ("oe run", "the experience in this folder"),
        ("oe run examples/city-report --plan", "what would run; runs nothing"),
        ('oe run --args \'{"city": "Oslo"}\'', "with args for the experience"),
        ("oe run --log-format json | jq .msg", "one JSON object a line"),
    ),
)
@path_argument
@click.option("--args", "args_text", default="{}", metavar="JSON", help="The run's args, a JSON object.  [default: {}]")
@click.option("--plan", "only_plan", is_flag=True, help="Print the steps, commands, files and hosts; run nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --plan: print one JSON document.")
@concurrency_option
@click.option("--keep-state", is_flag=True, help="Start from the state that earlier runs left, not from the defaults.")
@llm_option("anthropic, or the only one whose key is set")
@python_option
@click.option("--run-id", hidden=True, help="The id for the run, a UUID; the language server makes it.")
@logging_options
def command(
    path: Path,
    args_text: str,
    only_plan: bool,
    as_json: bool,
    concurrency: int | None,
    keep_state: bool,
    llm: str | None,
    python: str | None,
    run_id: str | None,
    log: LogOptions,
) -> int:
    """Start a run of the experience at PATH (a folder or an experience.yaml; default: this folder).

    Every event goes to .openexpertise/runs/RUN-ID.jsonl as it happens. A run
    that fails, is cancelled or is killed can be taken up again with
    `oe resume RUN-ID`. Ctrl-C ends it gracefully, twice at once.

    Exit codes: 0 success, 1 failure or invalid experience, 2 wrong usage,
    3 waiting, 130 cancelled.
    """
    if as_json and not only_plan:
        raise click.UsageError("--json goes with --plan; for events as JSON: --log-format json")
    args = parse_args(args_text)
    try:
        loaded = load_valid(path)
        preparation = prepare_run(loaded, args, keep_state=keep_state, llm=llm or usable_provider().name)
    except RunRefusedError as error:
        raise OeError(str(error)) from error
    if llm is None:
        _tell_of_another_provider(preparation)
    if only_plan:
        _print_plan(preparation, as_json=as_json, python=python)
        return 0
    return perform(preparation, run_id or new_run_id(), log, concurrency, python)


def _tell_of_another_provider(preparation: Preparation) -> None:
    """Say which provider the environment decided for, where that is not the usual one and something asks it."""
    provider = preparation.provider
    asks = any(node.kind in (Kind.AGENT, Kind.SKILL) for node in preparation.composition.all_nodes())
    if provider is not ANTHROPIC and asks:
        variable = provider.set_variable(os.environ)
        print_text(
            f"oe: agents and skills use {provider.name}, since {variable} is set and {ANTHROPIC.account.key} is not; "
            "--llm names another",
            err=True,
        )


def _print_plan(preparation: Preparation, *, as_json: bool, python: str | None) -> None:
    from engine.cli.run_plan import forecast
    from engine.report.forecast import forecast_lines, forecast_to_json

    steps = forecast(preparation, python)
    name = f"{preparation.experience.name} {preparation.experience.version}"
    if as_json:
        print_json(forecast_to_json(name, steps))
    else:
        print_text("\n".join(forecast_lines(name, steps)))
