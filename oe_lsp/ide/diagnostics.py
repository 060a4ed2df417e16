"""Problems of a snapshot as an editor shows them. Finding them is engine/spec's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.spec.problems import Problem, Related, Severity
    from engine.syntax import Span

DOCUMENTATION = "https://github.com/oe-lsp/oe-lsp/blob/main/docs/diagnostics"
"""Where the page of each code is: `<code>.md` in this folder."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. `href` is the page that explains `code`; `data` is what a quick fix needs."""

    span: Span
    severity: Severity
    code: str
    href: str
    message: str
    related: Sequence[Related]
    data: Mapping[str, str]


def diagnostics(problems: Sequence[Problem]) -> tuple[Diagnostic, ...]:
    """One diagnostic per problem, in the order of the text."""
    return tuple(_diagnostic(problem) for problem in problems)


def _diagnostic(problem: Problem) -> Diagnostic:
    return Diagnostic(
        span=problem.span,
        severity=problem.severity,
        code=problem.code.value,
        href=f"{DOCUMENTATION}/{problem.code.value}.md",
        message=problem.message,
        related=problem.related,
        data=problem.data,
    )
