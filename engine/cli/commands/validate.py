"""`oe validate`: prints the problems that the editor shows, one per line."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine.cli.loading import not_found
from engine.cli.options import OeError, examples, path_argument
from engine.cli.output.printing import print_json, print_text
from engine.experience.analyse import Analysis, analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.load import (
    ExperienceNotFoundError,
    UnreadableExperienceError,
    find_experience,
    problem_line,
    read_text,
)
from engine.experience.problems import Problem, Severity
from engine.json_types import Json
from engine.log.humanize import plural
from engine.report.problem_formats import github_annotations, sarif


@click.command(
    "validate",
    epilog=examples(
        ("oe validate", "the experience in this folder"),
        ("oe validate examples/city-report --strict", "warnings count as errors"),
        ("oe validate --format github", "annotations in a pull request"),
        ("oe validate --format sarif > oe.sarif", "for code scanning"),
    ),
)
@path_argument
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github", "sarif"]), default="text", show_default=True
)
def command(path: Path, strict: bool, form: str) -> int:
    """Check the experience at PATH (a folder or an experience.yaml; default: this folder).

    Prints `file:line:col: severity code message` for each problem. --format
    github prints annotations for a pull request, --format sarif a file for
    code scanning. Exit code 1 if there is an error.
    """
    try:
        file = find_experience(path)
        analysis = analyse(read_text(file), files=DiskFiles(file.parent, file.name))
    except ExperienceNotFoundError as error:
        raise not_found(error) from error
    except UnreadableExperienceError as error:
        raise OeError(str(error)) from error
    shown = _shown(file)
    if form == "json":
        print_json([_to_json(analysis, problem) for problem in analysis.problems])
    elif form == "sarif":
        print_json(sarif(analysis, shown.as_posix()))
    elif form == "github":
        for line in github_annotations(analysis, shown.as_posix()):
            print_text(line)
    else:
        _print(shown, analysis)
    fatal = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    return 1 if any(problem.severity in fatal for problem in analysis.problems) else 0


def _shown(file: Path) -> Path:
    """The path of the file relative to the current directory; absolute if that was deleted."""
    try:
        return Path(os.path.relpath(file))
    except OSError:
        return file


def _print(shown: Path, analysis: Analysis) -> None:
    for problem in analysis.problems:
        print_text(problem_line(shown, analysis, problem))
    if not analysis.problems and analysis.experience is not None:
        print_text(f"{shown}: valid, {plural(len(analysis.experience.nodes), 'node')}")


def _to_json(analysis: Analysis, problem: Problem) -> dict[str, Json]:
    start = analysis.lines.position(problem.span.start)
    end = analysis.lines.position(problem.span.end)
    return {
        "code": problem.code.value,
        "severity": problem.severity.value,
        "message": problem.message,
        "line": start.line + 1,
        "column": start.column + 1,
        "endLine": end.line + 1,
        "endColumn": end.column + 1,
    }
