"""The options --log-format and --log-level, which may precede or follow the command."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple, TypeVar, cast

import click

Function = TypeVar("Function", bound=Callable[..., Any])


class LogFormat(str, Enum):
    """How `run`, `resume` and `inspect --follow` print events."""

    JSON = "json"
    PRETTY = "pretty"


class LogLevel(str, Enum):
    """The severity of an event, and the lowest one that is printed."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"

    def shows(self, other: LogLevel) -> bool:
        """Whether a line of level `other` is printed at this level."""
        return _ORDER.index(other) >= _ORDER.index(self)


_ORDER = (LogLevel.DEBUG, LogLevel.INFO, LogLevel.WARN, LogLevel.ERROR)


class LogOptions(NamedTuple):
    """The values of --log-format and --log-level."""

    format: LogFormat
    level: LogLevel


def logging_options(function: Function) -> Function:
    """Add --log-format and --log-level to a command, which gets both as `log`. Those after the command win."""

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
    help="How to print events: pretty for people, json with one object per line.  [default: pretty]",
)
_log_level = click.option(
    "--log-level",
    type=click.Choice([member.value for member in LogLevel]),
    help="The lowest level to print.  [default: info]",
)
