"""Marker fixtures: a text in which a line of carets under a line says which problem is expected there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from engine.experience.analyse import Analysis, analyse
from engine.experience.files.port import NO_FILES, Files
from engine.experience.problems import Problem, Severity

_MARKER = re.compile(
    r"^[ #]*(?P<carets>\^+) (?P<severity>error|warning|information|hint) (?P<code>OE\d{3}) ?(?P<message>.*)$"
)


@dataclass(frozen=True)
class Expected:
    line: int
    start: int
    end: int
    severity: str
    code: str


def strip_markers(marked: str) -> tuple[str, dict[Expected, str]]:
    """The text without its markers, and what they expect: the place to a part of the message."""
    lines: list[str] = []
    expected: dict[Expected, str] = {}
    for line in marked.splitlines():
        marker = _MARKER.match(line)
        if marker:
            place = Expected(
                len(lines) - 1, marker.start("carets"), marker.end("carets"), marker["severity"], marker["code"]
            )
            expected[place] = marker["message"]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n", expected


def found_at(analysis: Analysis, problem: Problem) -> Expected:
    """Where a problem is; of a problem on several lines, its first line."""
    start, end = analysis.lines.position(problem.span.start), analysis.lines.position(problem.span.end)
    end_column = end.column if end.line == start.line else len(analysis.lines.line_text(start.line))
    return Expected(start.line, start.column, end_column, problem.severity.value, problem.code.value)


@pytest.fixture
def check_marked() -> Callable[..., Analysis]:
    """Analyse a marked text; its problems are exactly those that its markers say.

    Notes and hints only count where a marker expects one. `files` are what the text finds beside it.
    """

    def check(marked: str, files: Files = NO_FILES) -> Analysis:
        text, expected = strip_markers(marked)
        analysis = analyse(text, files=files)
        severities = {Severity.ERROR, Severity.WARNING, *(Severity(place.severity) for place in expected)}
        problems = [problem for problem in analysis.problems if problem.severity in severities]
        found = {found_at(analysis, problem): problem.message for problem in problems}
        assert sorted(found, key=repr) == sorted(expected, key=repr), [p.message for p in analysis.problems]
        for place, part in expected.items():
            assert part.casefold() in found[place].casefold()
        assert len(found) == len(problems)
        return analysis

    return check
