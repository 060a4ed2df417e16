"""`# oe: ignore OE302`: comments that suppress a code on a line (docs/design.md, The language server)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.experience.problems import FILE_CODES, Code, Problem, Severity
from engine.syntax import LineIndex

_COMMENT = re.compile(r"#[ \t]*oe:[ \t]*ignore((?:[ \t,]+OE\d{3})+)[ \t]*(?=[\r\n#]|$)")

# Other errors cannot be suppressed, since nothing sound would be left to run.
_SUPPRESSIBLE_ERRORS = {
    Code.UNKNOWN_KEY,
    Code.UNKNOWN_NODE,
    Code.UNDECLARED_FIELD,
    Code.WRONG_DEFAULT,
    Code.WRITES_COUNT,
    Code.BAD_REFERENCE,
} | FILE_CODES


def without_suppressed(problems: Iterable[Problem], text: str, lines: LineIndex) -> list[Problem]:
    """The problems that no comment suppresses: one at the end of a line is for that line, one alone for the next."""
    if "oe:" not in text:
        return list(problems)
    suppressed = suppressed_codes(text, lines)
    return [
        problem
        for problem in problems
        if problem.code.value not in suppressed.get(lines.position(problem.span.start).line, ())
        or (problem.severity is Severity.ERROR and problem.code not in _SUPPRESSIBLE_ERRORS)
    ]


def suppressed_codes(text: str, lines: LineIndex) -> dict[int, set[str]]:
    """By zero-based line, the codes that are suppressed there."""
    suppressed: dict[int, set[str]] = {}
    for comment in _COMMENT.finditer(text):
        line = lines.position(comment.start()).line
        if lines.line_text(line).lstrip().startswith("#"):
            line = _next_code_line(line, lines)
        suppressed.setdefault(line, set()).update(re.findall(r"OE\d{3}", comment[1]))
    return suppressed


def _next_code_line(line: int, lines: LineIndex) -> int:
    """The next line that is not a comment, since several comments may precede one line."""
    line += 1
    while line < lines.line_count and lines.line_text(line).lstrip().startswith("#"):
        line += 1
    return line
