"""How important each event is to someone who reads along."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from engine.log.events import (
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
    """The level of an event; most are news of the run and so `info`."""
    return _LEVELS.get(type(event), LogLevel.INFO)
