"""Finds values that YAML reads differently than many people expect (OE108)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import Steps, locate, texts
from engine.expressions import Json
from engine.syntax import NodeKind, Style, View

_RESPELT = re.compile(r"[-+]?0[0-9]+|[0-9]+[eE][0-9]+", re.ASCII)
_MAY_BE_RESPELT = re.compile(r"0[0-9]|[0-9][eE]")
_BOOLEANS_OF_YAML_1_1 = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def check_booleans(view: View, value: Json, steps: Steps) -> Iterator[Problem]:
    """Reports unquoted texts that were booleans in YAML 1.1 (docs/format.md, Reading)."""
    for inner, text in texts(value, steps):
        meant = _BOOLEANS_OF_YAML_1_1.get(text.lower())
        scalar = locate(view, inner).value if meant else None
        if meant and scalar is not None and scalar.style is Style.PLAIN:
            message = f"this is the text '{text}', not {meant}; write `{meant}`, or put quotes around it"
            yield Problem(Code.AMBIGUOUS_SCALAR, Severity.HINT, message, scalar.span, data={"suggestion": meant})


def check_numbers(view: View, steps: Steps) -> Iterator[Problem]:
    """Reports unquoted numbers that look like text, such as `007` or `12e3`."""
    under = locate(view, steps).value
    left = [under] if under is not None and _MAY_BE_RESPELT.search(under.text) else []
    while left:
        value = left.pop()
        left += [*value.items(), *[entry.value for entry in value.entries() if entry.value is not None]]
        if value.kind is NodeKind.SCALAR and value.style is Style.PLAIN and not isinstance(value.value, str):
            written = value.text
            if _RESPELT.fullmatch(written):
                message = f"this is the number {value.value:g}; to keep '{written}', put quotes around it"
                yield Problem(
                    Code.AMBIGUOUS_SCALAR, Severity.HINT, message, value.span, data={"suggestion": f"'{written}'"}
                )
