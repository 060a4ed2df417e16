"""A value that differs between two runs: both sides if they are short, else the lines that differ."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.expressions import MISSING, Missing
from engine.json_types import Json
from engine.report.comparison.line_diff import Line, Sign, line_diff
from engine.report.comparison.values import How, ValueDifference
from engine.report.drawing.markup import Element, element

_SHORT = 80
_LONGEST = 4_000
_UNKNOWN = "differs, and the logs do not have both values"
_TAGS = {Sign.REMOVED: "del", Sign.ADDED: "ins", Sign.KEPT: "span", Sign.GAP: "i"}


def changed_value(each: ValueDifference) -> Element:
    """A figure with the name of the value and how it differs."""
    return element(
        "figure",
        element("figcaption", f"{each.what} ", element("code", each.name)),
        _content(each),
        class_="changed-value",
    )


def _content(each: ValueDifference) -> Element:
    if each.how is not How.CHANGED:
        one = each.before if each.how is How.ONLY_LEFT else each.after
        note = element("p", each.how.value, class_="note")
        return note if one is MISSING else element("div", note, _pre(each.name, [_text(one)[:_LONGEST]]))
    if not each.is_known:
        return element("p", _UNKNOWN, class_="note")
    before, after = _text(each.before), _text(each.after)
    if len(before) <= _SHORT and len(after) <= _SHORT and "\n" not in before + after:
        lines = [Line(Sign.REMOVED, before), Line(Sign.ADDED, after)]
    else:
        lines = line_diff(_known(each.before), _known(each.after))
    if not lines:
        return element("p", "differs only in how its lines end", class_="note")
    return _pre(each.name, [_line(line) for line in lines])


def _pre(name: str, content: Sequence[Element | str]) -> Element:
    """Text that may scroll, so that the keyboard must reach it."""
    label = f"How {name} differs"
    return element("pre", *content, class_="line-diff", tabindex="0", role="group", aria_label=label)


def _line(line: Line) -> Element:
    return element(_TAGS[line.sign], f"{line.sign.value} {line.text}\n")


def _text(value: Json | Missing) -> str:
    return value if isinstance(value, str) else "" if value is MISSING else json.dumps(value, ensure_ascii=False)


def _known(value: Json | Missing) -> Json:
    return None if value is MISSING else value
