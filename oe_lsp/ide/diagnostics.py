"""Problems of a snapshot as diagnostics. engine/experience finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from engine.experience.problems import Problem, Related, Severity
    from engine.syntax import Span

DOCUMENTATION = "https://github.com/oe-lsp/oe-lsp/blob/main/docs/diagnostics"
"""Folder with a page `<code>.md` for each code."""


class Diagnostic(Struct, frozen=True):
    """A problem to show. `href` is the page about `code`; `data` is for quick fixes."""

    span: Span
    severity: Severity
    code: str
    href: str
    message: str
    related: Sequence[Related]
    data: Mapping[str, str]


def diagnostics(
    problems: Sequence[Problem], severities: Mapping[str, Severity | None] = MappingProxyType({})
) -> tuple[Diagnostic, ...]:
    """Return one diagnostic per problem, in the order of the text.

    `severities` overrides severities by code; None hides a code.
    """
    with_severity = ((problem, severities.get(problem.code.value, problem.severity)) for problem in problems)
    return tuple(_diagnostic(problem, severity) for problem, severity in with_severity if severity is not None)


def _diagnostic(problem: Problem, severity: Severity) -> Diagnostic:
    return Diagnostic(
        span=problem.span,
        severity=severity,
        code=problem.code.value,
        href=f"{DOCUMENTATION}/{problem.code.value}.md",
        message=problem.message,
        related=problem.related,
        data=problem.data,
    )
