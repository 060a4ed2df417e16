"""Options and errors that commands share. Imports little, since every command imports it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.cli.output.printing import print_text

Command = TypeVar("Command", bound=Callable[..., Any])


class OeError(click.ClickException):
    """Ends a command with a message and exit code 1."""

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """Print the message to stderr."""
        print_text(f"oe: {self.format_message()}", err=True)


def examples(*pairs: tuple[str, str]) -> str:
    """The examples at the end of a command's help: pairs of a command line and its purpose."""
    width = max(len(line) for line, _ in pairs)
    return "\n".join(["\b", "Examples:", *(f"  {line:<{width}}  # {purpose}" for line, purpose in pairs)])


experience_option = click.option(
    "--experience",
    "path",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="PATH",
    help="The folder of the experience, or its experience.yaml.  [default: this folder]",
)

path_argument = click.argument("path", type=click.Path(path_type=Path), default=Path(), metavar="[PATH]")

concurrency_option = click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many nodes and items may run at once.  [default: runtime.concurrency, else 8]",
)

python_option = click.option(
    "--python",
    metavar="PATH",
    help="The Python that runs tools.  [default: OE_PYTHON, else .venv beside the experience, else the one running oe]",
)

LLM_NAMES = ("anthropic", "openai")
"""The names in engine.llm.providers, repeated so that not every command imports it."""


def llm_option(default: str) -> Callable[[Command], Command]:
    """The option --llm; `default` describes the default in its help."""
    return click.option(
        "--llm",
        type=click.Choice(LLM_NAMES),
        help=f"The LLM provider; openai is any compatible endpoint at OPENAI_BASE_URL.  [default: {default}]",
    )


def experience_folder(path: Path) -> Path:
    """The folder of the experience at `path`, which is a folder or an experience.yaml. Raises OeError."""
    path.absolute()  # raises if the current directory was deleted
    if path.is_dir():
        return path
    if path.is_file():
        return path.parent
    raise OeError(f"no such folder or file: {path}")
