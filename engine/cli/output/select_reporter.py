"""Selects the reporter that the options and the terminal call for."""

from __future__ import annotations

import os
import sys

from engine.cli.log_options import LogFormat, LogLevel, LogOptions
from engine.cli.output.json_lines import JsonReporter
from engine.cli.output.reporter import Reporter


def select_reporter(log: LogOptions) -> Reporter:
    """JSON lines if asked for; a live table on a terminal at the default level; else a line per event."""
    if log.format is LogFormat.JSON:
        return JsonReporter(log.level)
    # rich takes 80 ms to import, which JSON does not need
    if log.level is LogLevel.INFO and _is_watched():
        from engine.cli.output.live import LiveReporter

        return LiveReporter()
    from engine.cli.output.pretty import PrettyReporter

    return PrettyReporter(log.level)


def _is_watched() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
