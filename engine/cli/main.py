"""The command line of `oe`. Commands are imported when they are called."""

from __future__ import annotations

import difflib
import importlib
from typing import Any

import click

from engine import __version__
from engine.cli.log_options import LogFormat, LogOptions, logging_options
from engine.cli.output.printing import print_text

COMMANDS = {
    "run": "Start a run of an experience.",
    "resume": "Resume a run: restore what completed, run the rest.",
    "runs": "List the runs of an experience.",
    "inspect": "Show one run: nodes, times, errors.",
    "diff": "Compare two runs.",
    "cancel": "Cancel a run.",
    "state": "Show, reset or rebuild the persisted state.",
    "validate": "Check an experience and print its problems.",
    "graph": "Draw the graph of an experience.",
    "schema": "Print the JSON Schema of experience.yaml.",
    "init": "Create an experience from a template.",
    "doctor": "Check that this machine has what runs need.",
    "trust": "Allow editors to run code in a folder.",
    "completion": "Print the completion script for a shell.",
}
_FIRST_STEPS = """oe runs experiences: YAML graphs of tools and LLM agents.

  oe init hello      create an experience in the folder hello
  oe run             check and run the experience in this folder
  oe resume latest   resume the last run: restore what completed, run the rest

oe --help lists the commands, oe COMMAND --help explains one with examples."""


class _Commands(click.Group):
    """Imports a command only when it is called, so that `oe runs` does not import the runner."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"engine.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            advice = f"Did you mean `oe {close[0]}`?" if close else "`oe --help` lists the commands."
            raise click.UsageError(f"{error.message} {advice}", ctx) from error


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: oe init hello, oe run, oe resume latest. Every command has --help.",
)
@click.version_option(__version__, "-V", "--version", prog_name="oe", message="%(prog)s %(version)s")
@logging_options
@click.pass_context
def _oe(ctx: click.Context, log: LogOptions) -> None:
    """Write, run and resume experiences: YAML graphs of tools and LLM agents.

    If a run fails, fix the cause and resume it with `oe resume`: what
    completed is restored from the log, only the rest runs.
    """
    ctx.obj = log
    if ctx.invoked_subcommand is None:
        click.echo(_FIRST_STEPS)


def call() -> int:
    """Run the command line; returns the exit code (docs/design.md, The oe command)."""
    try:
        code = _oe.main(prog_name="oe", standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        _show(error)
        code = error.exit_code
    except click.Abort:
        code = 130
    return code if isinstance(code, int) else 0


def _show(error: click.ClickException) -> None:
    """Print an error. Whoever reads JSON lines, such as an editor, has no use for a hint at the command line."""
    root = error.ctx.find_root() if isinstance(error, click.UsageError) and error.ctx is not None else None
    if root is not None and isinstance(root.obj, LogOptions) and root.obj.format is LogFormat.JSON:
        print_text(f"oe: {error.format_message()}", err=True)
    else:
        error.show()
