"""What a YAML mistake makes look wrong as well: left out, so that one mistake is one problem."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from engine.experience.problems import Code, Problem
from engine.experience.reading.parts import Parts
from engine.syntax import Span, Tree

# Where ids and fields are given their names, in text that may be no YAML.
_ID = re.compile(r"\bid\s*:\s*[\"']?([\w-]+)")
_KEY = re.compile(r"^[ \t\r]*[\"']?([\w-]+)", re.MULTILINE)


def without_echoes(problems: Iterable[Problem], broken: list[Span], parts: Parts, tree: Tree) -> Iterator[Problem]:
    """The problems that do not come from the stretches that are no YAML.

    Those do which are on the same line, which say that a key is lacking where some of the keys could not be read,
    and which miss a name that stands in the text, in a part that could not be read.
    """
    found = list(problems)
    lines = {line for span in broken for line in _lines_of(span, tree)}
    missed = {problem.code for problem in found}
    spans = (span for section in parts.all for span in section.spans()) if Code.MISSING_KEY in missed else ()
    items = sorted(spans, key=lambda span: span.start)
    broken = sorted(broken, key=lambda span: span.end)
    ids = set(_ID.findall(tree.text)) if Code.UNKNOWN_NODE in missed else set()
    fields = set(_KEY.findall(tree.text)) if Code.UNDECLARED_FIELD in missed else set()
    for problem in found:
        if (
            tree.lines.position(problem.span.start).line not in lines
            and not (problem.code is Code.MISSING_KEY and _is_half_read(problem.span, broken, items))
            and not (problem.code is Code.UNKNOWN_NODE and problem.data["id"] in ids)
            and not (problem.code is Code.UNDECLARED_FIELD and problem.data["field"] in fields)
        ):
            yield problem


def _is_half_read(span: Span, broken: list[Span], items: list[Span]) -> bool:
    """Whether what is at `span`, an item or the text around all items, has a part that could not be read.

    `items` are in the order of their starts, `broken` in that of their ends.
    """
    at = bisect_right(items, span.start, key=lambda item: item.start) - 1
    if at < 0 or not items[at].contains(span.start):
        return True
    item = items[at]
    first = bisect_left(broken, item.start, key=lambda part: part.end)
    return first < len(broken) and broken[first].start <= item.end


def _lines_of(span: Span, tree: Tree) -> range:
    return range(tree.lines.position(span.start).line, tree.lines.position(span.end).line + 1)
