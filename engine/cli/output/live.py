"""What `run` and `resume` show on a terminal while a run goes on: a table that is drawn again in place, and above it a
line for what would otherwise be missed.
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

from engine.cli.output.console import VisibleConsole
from engine.cli.output.pretty import end_lines, node_line, run_headline, warning_line
from engine.cli.output.reporting import RunEnd
from engine.cli.output.run_table import progress_line, run_table
from engine.cli.output.stdout import TerminalStream
from engine.log.events.events import NodeAttempt, NodeFailed, NodeTokens, NodeWarning, Record, RunStarted, RunWarning
from engine.log.reading.view import RunView
from engine.log.writing.writer import utc_now

_FRAMES_PER_SECOND = 8
_OTHER_LINES = 3
_MOST_ROWS_AT_END = 60


class LiveReporter:
    """Draws from a thread of its own, some frames a second, so that a thousand events cost one drawing."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._console = VisibleConsole(file=cast(TextIO, TerminalStream(sys.stdout)), highlight=False)
        self._lock = threading.Lock()
        self._view = RunView()
        self._tokens: Counter[str] = Counter()
        self._said: set[tuple[str, str]] = set()
        self._is_over = False
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
            self._say(event)

    def ended(self, end: RunEnd) -> None:
        """See Reporter."""
        self._is_over = True
        self._live.stop()
        for line in end_lines(end, self._view):
            self._console.print(line, soft_wrap=True)

    def close(self) -> None:
        """See Reporter."""
        self._live.stop()

    def _say(self, event: NodeWarning | NodeAttempt | NodeFailed) -> None:
        """Print a line above the table; what many items say alike is said once."""
        message = event.message if isinstance(event, NodeWarning) else event.error.message
        if (event.node_id, message) not in self._said:
            self._said.add((event.node_id, message))
            self._console.print(node_line(event))

    def _draw(self) -> RenderableType:
        with self._lock:
            if self._is_over:
                return run_table(self._view, self._tokens, self._now(), rows=_MOST_ROWS_AT_END, wrap=True)
            rows = max(1, self._console.size.height - _OTHER_LINES)
            table = run_table(self._view, self._tokens, self._now(), rows=rows)
            return Group(table, progress_line(self._view, self._now()))
