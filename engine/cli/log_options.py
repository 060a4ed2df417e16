"""--log-format and --log-level: what they may say, and how a command gets both. Needs nothing but click."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple, TypeVar, cast

import click

Function = TypeVar("Function", bound=Callable[..., Any])


class LogFormat(str, Enum):
    """How `run` and `resume` report."""

    JSON = "json"
    PRETTY = "pretty"


class LogLevel(str, Enum):
    """The least important line that is printed."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"

    def shows(self, other: LogLevel) -> bool:
        """Whether a line of level `other` is printed at this level."""
        return _ORDER.index(other) >= _ORDER.index(self)


_ORDER = (LogLevel.DEBUG, LogLevel.INFO, LogLevel.WARN, LogLevel.ERROR)


class LogOptions(NamedTuple):
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
