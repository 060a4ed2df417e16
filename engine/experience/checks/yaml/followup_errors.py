"""Removes the follow-up errors of a YAML error, so that one mistake is one problem."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from engine.experience.problems import Code, Problem
from engine.experience.reading.parts import Parts
from engine.syntax import Span, Tree

# Definitions of ids and fields, in text that may not be YAML.
_ID = re.compile(r"\bid\s*:\s*[\"']?([\w-]+)")
_KEY = re.compile(r"^[ \t\r]*[\"']?([\w-]+)", re.MULTILINE)


def without_followups(problems: Iterable[Problem], broken: list[Span], parts: Parts, tree: Tree) -> Iterator[Problem]:
    """The problems that do not follow from the unreadable stretches `broken`.

    Follow-ups are problems on the same line, missing keys of an item that is only partly readable, and unknown names
    that are defined somewhere in the text, since that may be in an unreadable part.
    """
    found = list(problems)
    lines = {line for span in broken for line in _lines_of(span, tree)}
    codes = {problem.code for problem in found}
    spans = (span for section in parts.all for span in section.spans()) if Code.MISSING_KEY in codes else ()
    items = sorted(spans, key=lambda span: span.start)
    broken = sorted(broken, key=lambda span: span.end)
    ids = set(_ID.findall(tree.text)) if Code.UNKNOWN_NODE in codes else set()
    fields = set(_KEY.findall(tree.text)) if Code.UNDECLARED_FIELD in codes else set()
    for problem in found:
        if (
            tree.lines.position(problem.span.start).line not in lines
            and not (problem.code is Code.MISSING_KEY and _is_half_read(problem.span, broken, items))
            and not (problem.code is Code.UNKNOWN_NODE and problem.data["id"] in ids)
            and not (problem.code is Code.UNDECLARED_FIELD and problem.data["field"] in fields)
        ):
            yield problem


def _is_half_read(span: Span, broken: list[Span], items: list[Span]) -> bool:
    """Checks that the item at `span`, or the text around all items, has an unreadable part.

    `items` are sorted by their starts, `broken` by their ends.
    """
    at = bisect_right(items, span.start, key=lambda item: item.start) - 1
    if at < 0 or not items[at].contains(span.start):
        return True
    item = items[at]
    first = bisect_left(broken, item.start, key=lambda part: part.end)
    return first < len(broken) and broken[first].start <= item.end


def _lines_of(span: Span, tree: Tree) -> range:
    return range(tree.lines.position(span.start).line, tree.lines.position(span.end).line + 1)
