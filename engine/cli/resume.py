"""`oe resume`: take up a run again. Restores what completed, runs the rest."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine.cli.loading import load_valid
from engine.cli.log_options import LogOptions, logging_options
from engine.cli.options import OeError, concurrency_option, experience_option, llm_option, python_option
from engine.cli.performing import perform
from engine.cli.plan import plan_lines, plan_to_json
from engine.cli.stored_run import run_id_argument
from engine.nodes.registry import kinds
from engine.runner.preparation import Preparation, RunRefusedError, make_llm, make_plan, prepare_resume
from engine.runner.session import new_run_id as fresh_run_id


@click.command(
    "resume",
    epilog="Examples: `oe resume latest --plan` · `oe resume 4f3a1b2c` · "
    "`oe --log-format json resume latest --experience examples/city-report | jq .msg`",
)
@run_id_argument("original")
@experience_option
@click.option("--plan", "only_plan", is_flag=True, help="Print what would be restored and what would run; run nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --plan: print one JSON document.")
@click.option("--force", is_flag=True, help="Resume a run that is still running.")
@concurrency_option
@llm_option("that of the original")
@python_option
@click.option("--new-run-id", hidden=True, help="The id for the new run, a UUID; the language server makes it.")
@logging_options
def command(
    original: str,
    path: Path,
    only_plan: bool,
    as_json: bool,
    force: bool,
    concurrency: int | None,
    llm: str | None,
    python: str | None,
    new_run_id: str | None,
    log: LogOptions,
) -> int:
    """Take up the run RUN-ID again: an id, the beginning of one, or `latest`.

    Nodes whose inputs and files are what they were are restored from the
    run's log; the others run. The args come from the log. The resume is a run
    of its own, with a new id and a new log; the old log stays as it is.

    Exit codes: 0 success, 1 failure, or experience.yaml or the log not found,
    2 wrong usage, 3 waiting, 130 cancelled.
    """
    if as_json and not only_plan:
        raise click.UsageError("--json goes with --plan; for events as JSON: --log-format json")
    loaded = load_valid(path)
    try:
        preparation = prepare_resume(loaded, original, force=force, llm=llm)
    except RunRefusedError as error:
        raise OeError(str(error)) from error
    if only_plan:
        _print_plan(preparation, as_json=as_json, python=python)
        return 0
    return perform(preparation, new_run_id or fresh_run_id(), log, concurrency, python)


def _print_plan(preparation: Preparation, *, as_json: bool, python: str | None) -> None:
    made = make_plan(preparation, kinds(preparation.loaded.directory, python=python, llm=make_llm(preparation)))
    if as_json:
        click.echo(json.dumps(plan_to_json(made), indent=2, ensure_ascii=False))
        return
    assert preparation.original is not None
    click.echo("\n".join(plan_lines(made, preparation.original.run_id)))
