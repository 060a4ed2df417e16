"""Problems of a snapshot as an editor shows them. Finding them is engine/experience's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from engine.experience.problems import Problem, Related, Severity
    from engine.syntax import Span

DOCUMENTATION = "https://github.com/oe-lsp/oe-lsp/blob/main/docs/diagnostics"
"""Where the page of each code is: `<code>.md` in this folder."""


class Diagnostic(Struct, frozen=True):
    """One problem. `href` is the page that explains `code`; `data` is what a quick fix needs."""

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
    """One diagnostic per problem, in the order of the text.

    `severities` are the user's own, by code; None leaves a code out.
    """
    wished = ((problem, severities.get(problem.code.value, problem.severity)) for problem in problems)
    return tuple(_diagnostic(problem, severity) for problem, severity in wished if severity is not None)


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
