"""Problems of an experience as SARIF 2.1.0 and as GitHub workflow commands."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine import __version__
from engine.experience.analyse import Analysis
from engine.experience.problems import Problem, Severity
from engine.json_types import Json

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "note",
    Severity.HINT: "note",
}
_COMMANDS = {**_LEVELS, Severity.INFORMATION: "notice", Severity.HINT: "notice"}


class _Place(Struct, frozen=True):
    """1-based lines and columns, in code points; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


def sarif(analysis: Analysis, path: str) -> dict[str, Json]:
    """A SARIF log with one run. `path` is relative to the root of the repository, with `/`."""
    codes = sorted({problem.code.value for problem in analysis.problems})
    driver: dict[str, Json] = {
        "name": "oe",
        "version": __version__,
        "rules": [{"id": code, "name": code} for code in codes],
    }
    return {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(analysis, problem, path, codes) for problem in analysis.problems],
            }
        ],
    }


def github_annotations(analysis: Analysis, path: str) -> Iterator[str]:
    """A workflow command for each problem, which GitHub shows at its line in the pull request."""
    for problem in analysis.problems:
        place = _place(analysis, problem)
        fields = {"file": path, "line": place.line, "endLine": place.end_line, "col": place.column}
        if place.line == place.end_line:
            fields["endColumn"] = place.end_column
        fields["title"] = problem.code.value
        listed = ",".join(f"{name}={_escaped(str(value), property_=True)}" for name, value in fields.items())
        yield f"::{_COMMANDS[problem.severity]} {listed}::{_escaped(problem.message)}"


def _result(analysis: Analysis, problem: Problem, path: str, codes: list[str]) -> dict[str, Json]:
    place = _place(analysis, problem)
    region: dict[str, Json] = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    return {
        "ruleId": problem.code.value,
        "ruleIndex": codes.index(problem.code.value),
        "level": _LEVELS[problem.severity],
        "message": {"text": problem.message},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": path}, "region": region}}],
    }


def _place(analysis: Analysis, problem: Problem) -> _Place:
    start, end = analysis.lines.position(problem.span.start), analysis.lines.position(problem.span.end)
    return _Place(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _escaped(text: str, *, property_: bool = False) -> str:
    """`text` escaped for a workflow command, or for one of its properties."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C") if property_ else escaped
