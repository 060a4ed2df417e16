"""The level of each event, for --log-level."""

from __future__ import annotations

from collections.abc import Mapping

from engine.cli.log_options import LogLevel
from engine.log.events.events import (
    Event,
    NodeActivity,
    NodeAttempt,
    NodeFailed,
    NodeStarted,
    NodeTokens,
    NodeWarning,
    RunFinished,
    RunWarning,
)

_LEVELS: Mapping[type[Event], LogLevel] = {
    NodeStarted: LogLevel.DEBUG,
    NodeActivity: LogLevel.DEBUG,
    NodeTokens: LogLevel.DEBUG,
    RunFinished: LogLevel.DEBUG,
    NodeAttempt: LogLevel.WARN,
    NodeWarning: LogLevel.WARN,
    RunWarning: LogLevel.WARN,
    NodeFailed: LogLevel.ERROR,
}


def level_of(event: Event) -> LogLevel:
    """The level of an event; `info` for most."""
    return _LEVELS.get(type(event), LogLevel.INFO)
