"""Prints text and JSON. Logs, experiences and tools may contain anything, so control characters are made visible."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click

from engine.visible import visible, visible_json


def print_text(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Print a text to stdout, or to stderr with `err`."""
    click.echo(visible(text) + end, err=err, nl=False)


def print_json(value: Mapping[str, Any] | Iterable[Any] | Any) -> None:
    """Print one JSON document to stdout."""
    click.echo(visible_json(json.dumps(value, indent=2, ensure_ascii=False)))


class LineWriter:
    """Writes lines to stdout and flushes each. A run goes on when its reader is gone: after a failed write, lines are
    dropped.
    """

    def __init__(self) -> None:
        self._open = True

    def line(self, text: str) -> None:
        """Write `text` and a line break."""
        if not self._open:
            return
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except OSError:
            self._open = False
