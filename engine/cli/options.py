"""Options and errors that several commands share. Needs nothing but click: every command pays for what is imported
here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.cli.output.printing import print_text

Command = TypeVar("Command", bound=Callable[..., Any])


class OeError(click.ClickException):
    """Ends a command with exit code 1 and one message."""

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """Print the message to stderr."""
        print_text(f"oe: {self.format_message()}", err=True)


def examples(*pairs: tuple[str, str]) -> str:
    """The end of a command's help: a command line and what it is for, one a line, which no terminal wraps."""
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
    help="How much may go on at once.  [default: runtime.concurrency, else 8]",
)

python_option = click.option(
    "--python",
    metavar="PATH",
    help="The Python that runs tools.  [default: OE_PYTHON, else .venv beside the experience, else the one running oe]",
)

LLM_NAMES = ("anthropic", "openai")
"""The providers of engine.llm.providers, named here so that not every command imports them."""


def llm_option(default: str) -> Callable[[Command], Command]:
    """The option --llm; `default` is what applies where it is not given."""
    return click.option(
        "--llm",
        type=click.Choice(LLM_NAMES),
        help=f"The LLM provider; openai is any endpoint compatible with it, at OPENAI_BASE_URL.  [default: {default}]",
    )


def experience_folder(path: Path) -> Path:
    """The folder of the experience at `path`, a folder or its YAML file. Raises OeError where there is neither."""
    path.absolute()  # which fails where it is relative to a directory that was deleted
    if path.is_dir():
        return path
    if path.is_file():
        return path.parent
    raise OeError(f"no experience at {path}: there is no such folder or file")
