"""Reports a run on a terminal: a table that is redrawn in place, and above it a line for each warning, retry and failed
item.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TextIO, cast

from rich.console import Group, RenderableType
from rich.live import Live

from engine.cli.output.console import TerminalStream, VisibleConsole
from engine.cli.output.final_values import last_value_lines
from engine.cli.output.pretty import end_lines, node_line, run_headline, warning_line
from engine.cli.output.reporter import RunEnd
from engine.cli.output.run_table import progress_line, run_table
from engine.cli.output.shell_commands import inspect_command
from engine.log.events.events import NodeAttempt, NodeFailed, NodeTokens, NodeWarning, Record, RunStarted, RunWarning
from engine.log.reading.view import RunView
from engine.log.writing.writer import utc_now

_FRAMES_PER_SECOND = 8
_OTHER_LINES = 3
_MOST_ROWS_AT_END = 60


class LiveReporter:
    """Redraws from its own thread a few times a second, however many events there are."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._console = VisibleConsole(file=cast(TextIO, TerminalStream(sys.stdout)), highlight=False)
        self._lock = threading.Lock()
        self._view = RunView()
        self._tokens: Counter[str] = Counter()
        self._printed: set[tuple[str, str]] = set()
        self._has_ended = False
        self._live = Live(
            console=self._console,
            get_renderable=self._draw,
            refresh_per_second=_FRAMES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def record(self, record: Record) -> None:
        """See Reporter."""
        event = record.event
        with self._lock:
            self._view.apply(record)
            if isinstance(event, NodeTokens):
                vertex = event.scope[0].id if event.scope else event.node_id
                self._tokens[vertex] += event.tokens_in + event.tokens_out
        if isinstance(event, RunStarted):
            self._console.print(run_headline(record.run_id, event), soft_wrap=True)
            self._live.start()
        elif isinstance(event, RunWarning):
            self._console.print(warning_line(event))
        elif isinstance(event, (NodeWarning, NodeAttempt)) or (isinstance(event, NodeFailed) and event.scope):
            self._print_line(event)

    def ended(self, end: RunEnd) -> None:
        """See Reporter."""
        self._has_ended = True
        self._live.stop()
        rest = inspect_command(end.run_id, end.folder)
        for line in (*last_value_lines(end.wrote, rest), *end_lines(end, self._view)):
            self._console.print(line, soft_wrap=True)

    def close(self) -> None:
        """See Reporter."""
        self._live.stop()

    def _print_line(self, event: NodeWarning | NodeAttempt | NodeFailed) -> None:
        """Print a line above the table, once for all items with the same message."""
        message = event.message if isinstance(event, NodeWarning) else event.error.message
        if (event.node_id, message) not in self._printed:
            self._printed.add((event.node_id, message))
            self._console.print(node_line(event))

    def _draw(self) -> RenderableType:
        with self._lock:
            if self._has_ended:
                return run_table(self._view, self._tokens, self._now(), rows=_MOST_ROWS_AT_END, wrap=True)
            rows = max(1, self._console.size.height - _OTHER_LINES)
            table = run_table(self._view, self._tokens, self._now(), rows=rows)
            return Group(table, progress_line(self._view, self._now()))
