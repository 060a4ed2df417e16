"""`oe completion`: the script with which a shell completes commands, options and run ids."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from engine.cli.options import examples

_VARIABLE = "_OE_COMPLETE"


@click.command(
    "completion",
    epilog=examples(
        ("oe completion bash >> ~/.bashrc", "then open a new shell"),
        ("oe completion zsh >> ~/.zshrc", "then open a new shell"),
        ("oe completion fish > ~/.config/fish/completions/oe.fish", "then open a new shell"),
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print a script for SHELL that completes commands, options and run ids of `oe`."""
    completion = get_completion_class(shell)
    assert completion is not None  # click supports all three choices
    click.echo(completion(ctx.find_root().command, {}, "oe", _VARIABLE).source())
    return 0
