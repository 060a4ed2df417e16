"""A time span on the command line, such as `10m` or `30d`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

_SPAN = re.compile(r"([1-9][0-9]{0,8})([a-z]+)")


class TimeSpan(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """A time span: a whole number with one of `units`, each of which is so many of what the value counts.

    `usual` is for the message about anything else: units, with examples, such as `h, d or w, such as 12h, 30d or 8w`.
    """

    name = "span"

    def __init__(self, units: Mapping[str, int], usual: str) -> None:
        self._units = units
        self._usual = usual

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See click.ParamType."""
        found = _SPAN.fullmatch(str(value))
        if found is None or found[2] not in self._units:
            self.fail(f"'{value}' is not a time span. Use a number with {self._usual}.", param, ctx)
        return int(found[1]) * self._units[found[2]]
