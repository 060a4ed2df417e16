"""Options and errors that several commands share."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from engine.canonical import NotJsonError, normalise
from engine.cli.levels import LogLevel
from engine.expressions import Json
from engine.log.events import RunStatus
from engine.spec.load import ExperienceNotFoundError, InvalidExperienceError, Loaded, UnreadableExperienceError, load

Function = TypeVar("Function", bound=Callable[..., Any])

EXIT_CODES = {RunStatus.SUCCESS: 0, RunStatus.FAILURE: 1, RunStatus.WAITING: 3, RunStatus.CANCELLED: 130}


class LogFormat(str, Enum):
    """How `run` and `resume` report."""

    JSON = "json"
    PRETTY = "pretty"


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What --log-format and --log-level say, before or after the command."""

    format: LogFormat
    level: LogLevel


def logging_options(function: Function) -> Function:
    """Give a command --log-format and --log-level, and hand it both as `log`. What stands after the command wins."""

    @functools.wraps(function)
    def with_log(*args: Any, log_format: str | None, log_level: str | None, **kwargs: Any) -> Any:
        outer = click.get_current_context().obj
        given = outer if isinstance(outer, LogOptions) else LogOptions(LogFormat.PRETTY, LogLevel.INFO)
        chosen_format = LogFormat(log_format) if log_format else given.format
        chosen_level = LogLevel(log_level) if log_level else given.level
        return function(*args, log=LogOptions(chosen_format, chosen_level), **kwargs)

    return cast(Function, _log_level(_log_format(with_log)))


_log_format = click.option(
    "--log-format",
    type=click.Choice([member.value for member in LogFormat]),
    help="How events are printed: pretty for people, json for machines (one object a line).  [default: pretty]",
)
_log_level = click.option(
    "--log-level",
    type=click.Choice([member.value for member in LogLevel]),
    help="The least important event that is printed.  [default: info]",
)


class OeError(click.ClickException):
    """Ends a command with exit code 1 and one message."""

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """Print the message to stderr."""
        click.echo(f"oe: {self.format_message()}", err=True)


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


def experience_folder(path: Path) -> Path:
    """The folder of the experience at `path`, a folder or its YAML file. Raises OeError where there is neither."""
    if path.is_dir():
        return path
    if path.is_file():
        return path.parent
    raise OeError(f"no experience at {path}: there is no such folder or file")


def load_valid(path: Path) -> Loaded:
    """The experience at `path`. Raises OeError with every error in it where it cannot run."""
    try:
        return load(path)
    except (ExperienceNotFoundError, UnreadableExperienceError) as error:
        raise OeError(str(error)) from error
    except InvalidExperienceError as error:
        raise OeError(str(error)) from error


def parse_args(text: str) -> dict[str, Json]:
    """What --args says. Raises click.UsageError (exit code 2) for anything but a JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f'--args is not JSON ({error}). Example: --args \'{{"city": "Oslo"}}\'') from error
    try:
        value = normalise(value)
    except NotJsonError as error:
        raise click.UsageError(f"--args: {error}") from error
    if not isinstance(value, dict):
        raise click.UsageError(f'--args must be a JSON object such as \'{{"city": "Oslo"}}\', not {text[:40]}')
    return value
