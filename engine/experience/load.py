"""Loads an experience from disk for a run, which refuses what `oe validate` and the editor call an error."""

from __future__ import annotations

import stat
from pathlib import Path

from msgspec import Struct

from engine.collector import paused_collector
from engine.experience.analyse import Analysis, analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.files.port import NO_FILES, Files
from engine.experience.model import Experience
from engine.experience.nested.nested_files import FILE_NAME
from engine.experience.problems import Problem
from engine.syntax import MAX_FILE_BYTES


class Loaded(Struct, frozen=True):
    """An experience that can run. Both paths are absolute; the paths in it are relative to `directory`.

    `files` is the view of the disk that it was checked with.
    """

    experience: Experience
    analysis: Analysis
    directory: Path
    path: Path
    text: str
    files: Files = NO_FILES


class ExperienceNotFoundError(Exception):
    """The file does not exist. The message says where it was looked for."""


class UnreadableExperienceError(Exception):
    """The file exists but cannot be read as text. The message says why."""


class InvalidExperienceError(Exception):
    """The text has errors: those of `analysis`. The message lists them with their places, one per line."""

    def __init__(self, path: Path, analysis: Analysis) -> None:
        super().__init__("\n".join(problem_line(path, analysis, problem) for problem in analysis.errors))
        self.path = path
        self.analysis = analysis


def load(path: Path) -> Loaded:
    """Load the experience in a directory, or in a YAML file given by its path (`.yml` works, too).

    Raises ExperienceNotFoundError, UnreadableExperienceError (not a regular file, over 5 MiB, not UTF-8, no permission)
    or InvalidExperienceError. Rules: docs/format.md, Reading.
    """
    file = find_experience(path)
    return load_text(file, read_text(file))


def load_text(file: Path, text: str) -> Loaded:
    """Load `text` as if it were the content of the YAML file `file`. Raises InvalidExperienceError."""
    return _checked(file, text, DiskFiles(file.parent, file.name))


def load_alone(path: Path) -> Loaded:
    """Load an experience without looking at the files that it names: enough to draw it, not to run it."""
    file = find_experience(path)
    return _checked(file, read_text(file), NO_FILES)


def load_text_alone(file: Path, text: str) -> Loaded:
    """Load `text` as if it were the content of `file`, likewise. Raises InvalidExperienceError."""
    return _checked(file, text, NO_FILES)


def _checked(file: Path, text: str, files: Files) -> Loaded:
    with paused_collector():
        analysis = analyse(text, files=files)
    if analysis.experience is None or not analysis.ok:
        raise InvalidExperienceError(file, analysis)
    return Loaded(analysis.experience, analysis, file.parent, file, text, files)


def read_text(file: Path) -> str:
    """The text of an experience file, without a byte order mark; at most 5 MiB. Raises UnreadableExperienceError."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableExperienceError(f"{file} is not a regular file")
        # One byte more than allowed also detects a file that grew after `stat`.
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableExperienceError(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableExperienceError(f"{file} exceeds 5 MiB, the limit for an experience")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableExperienceError(
            f"{file} is not UTF-8: byte 0x{content[error.start]:02x} on line {line}"
        ) from error


def problem_line(path: Path, analysis: Analysis, problem: Problem) -> str:
    """`file:line:col: severity code message`, with line and column from 1."""
    position = analysis.lines.position(problem.span.start)
    place = f"{path}:{position.line + 1}:{position.column + 1}"
    return f"{place}: {problem.severity.value} {problem.code.value} {problem.message}"


def find_experience(path: Path) -> Path:
    """The absolute path of the YAML file that `path` is or, for a directory, contains.

    Raises ExperienceNotFoundError.
    """
    given = path.absolute()
    if not given.is_dir():
        if not given.exists():
            raise ExperienceNotFoundError(f"{given} does not exist")
        return given
    file = given / FILE_NAME
    if not file.exists():
        other = given / "experience.yml"
        hint = f"; to use {other.name}, give its path: {other}" if other.exists() else ""
        raise ExperienceNotFoundError(f"there is no {FILE_NAME} in {given}{hint}")
    return file
