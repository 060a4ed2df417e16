"""`# oe: ignore OE302`: comments that excuse a line from a code (docs/design.md, The language server)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.experience.problems import FILE_CODES, Code, Problem, Severity
from engine.syntax import LineIndex

_COMMENT = re.compile(r"#[ \t]*oe:[ \t]*ignore((?:[ \t,]+OE\d{3})+)[ \t]*(?=[\r\n#]|$)")

# Errors without which there is nothing sound to run, or nothing where the mistake is, cannot be excused.
_EXCUSABLE_ERRORS = {
    Code.UNKNOWN_KEY,
    Code.UNKNOWN_NODE,
    Code.UNDECLARED_FIELD,
    Code.WRONG_DEFAULT,
    Code.WRITES_COUNT,
    Code.BAD_REFERENCE,
} | FILE_CODES


def without_excused(problems: Iterable[Problem], text: str, lines: LineIndex) -> list[Problem]:
    """The problems that no comment excuses. One at the end of a line excuses that line, one alone the next."""
    if "oe:" not in text:
        return list(problems)
    excuses = _excuses(text, lines)
    return [
        problem
        for problem in problems
        if problem.code.value not in excuses.get(lines.position(problem.span.start).line, ())
        or (problem.severity is Severity.ERROR and problem.code not in _EXCUSABLE_ERRORS)
    ]


def _excuses(text: str, lines: LineIndex) -> dict[int, set[str]]:
    """By zero-based line, the codes it is excused from."""
    excuses: dict[int, set[str]] = {}
    for comment in _COMMENT.finditer(text):
        line = lines.position(comment.start()).line
        if lines.line_text(line).lstrip().startswith("#"):
            line = _next_code_line(line, lines)
        excuses.setdefault(line, set()).update(re.findall(r"OE\d{3}", comment[1]))
    return excuses


def _next_code_line(line: int, lines: LineIndex) -> int:
    """The next line that is no comment: several comments may stand above one line."""
    line += 1
    while line < lines.line_count and lines.line_text(line).lstrip().startswith("#"):
        line += 1
    return line
