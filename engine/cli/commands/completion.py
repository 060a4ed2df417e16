"""`oe completion`: the script that makes a shell complete commands, options and run ids."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from engine.cli.options import examples

_VARIABLE = "_OE_COMPLETE"


@click.command(
    "completion",
    epilog=examples(
        ("oe completion bash >> ~/.bashrc", "then open a new shell"),
        ("oe completion zsh >> ~/.zshrc", "the same"),
        ("oe completion fish > ~/.config/fish/completions/oe.fish", "the same"),
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that completes `oe` in SHELL; a new shell that reads it completes commands and run ids."""
    made = get_completion_class(shell)
    assert made is not None  # click knows the three that can be chosen
    click.echo(made(ctx.find_root().command, {}, "oe", _VARIABLE).source())
    return 0
