"""What commands print. It may come from anywhere: logs, experiences and tools say what they like, terminals obey."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import click

from engine.visible import visible, visible_json


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Print a text, on stderr with `err`, without what a terminal would obey."""
    click.echo(visible(text) + end, err=err, nl=False)


def say_json(value: Mapping[str, Any] | Iterable[Any] | Any) -> None:
    """Print one JSON document."""
    click.echo(visible_json(json.dumps(value, indent=2, ensure_ascii=False)))
