"""Finds the Python and the Node.js for tools, and says what is wrong with one that does not work.

An interpreter that is named, or lies beside the experience, is used or is an error: there is no fallback.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from msgspec import Struct

from engine.nodes.kind import NodeError
from engine.nodes.processes.environment import tool_environment
from engine.nodes.processes.process import may_start_later

OLDEST_PYTHON = (3, 8)
OLDEST_NODE = 18
_SECONDS = 5
_PYTHON_VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
_LONGEST_ANSWER = 40


class Python(Struct, frozen=True):
    """A candidate, unchecked: the program, what names it, and the remedy if it does not work."""

    program: str
    named_by: str
    remedy: str


def wanted_python(directory: Path, python: str | None) -> Python:
    """The Python for tools: `python`, else OE_PYTHON, else `.venv` beside the experience, else the one running this.

    `python` is a path or the name of a command (docs/format.md, Tools).
    """
    for origin, named in (("--python", python), ("OE_PYTHON", os.environ.get("OE_PYTHON"))):
        if named:
            return Python(named, f"{origin} names {named}", f"give {origin} the path of a Python 3.8 or newer")
    environment = directory.absolute() / ".venv"
    program = environment / "bin" / "python"
    if os.path.islink(environment) or os.path.lexists(program) or (environment / "pyvenv.cfg").exists():
        remedy = "recreate it (python3 -m venv --clear .venv), remove it, or name another Python with --python"
        return Python(str(program), f"the .venv beside the experience has {program}", remedy)
    return Python(sys.executable, sys.executable, "name another Python with --python or OE_PYTHON")


def find_python(directory: Path, python: str | None) -> str:
    """The path of the Python for tools. Raises NodeError if it is not executable; does not start it."""
    wanted = wanted_python(directory, python)
    found = _find(wanted.program)
    if found is None:
        raise NodeError(
            "NoInterpreter",
            f"{wanted.named_by}, which {_why_no_program(wanted.program)}; {wanted.remedy}",
            retryable=False,
        )
    return found


def find_node() -> str:
    """The path of the Node.js for tools. Raises NodeError if none is executable; does not start it."""
    found = shutil.which("node")
    if found is not None:
        return found
    there = next((path for path in _on_path("node") if os.path.lexists(path)), None)
    problem = "node is not on PATH" if there is None else f"{there} {_why_no_program(there)}"
    raise NodeError("NoInterpreter", f"{problem}; {_NODE_REMEDY}", retryable=False)


_NODE_REMEDY = f"install Node.js {OLDEST_NODE} or newer from https://nodejs.org"


def python_version(program: str) -> str:
    """Starts a Python to ask for its version. Raises NodeError if it cannot run tools."""
    version = _answer(program, "-c", _PYTHON_VERSION)
    if _numbers(version) < OLDEST_PYTHON:
        raise NodeError("NoInterpreter", f"{program} is Python {version}; tools need 3.8 or newer", retryable=False)
    return version


def node_version(program: str) -> str:
    """Starts a Node.js to ask for its version. Raises NodeError if it cannot run tools."""
    version = _answer(program, "--version").removeprefix("v")
    if _numbers(version)[0] < OLDEST_NODE:
        raise NodeError("NoInterpreter", f"{program} is Node.js {version}; {_NODE_REMEDY}", retryable=False)
    return version


def require_python(directory: Path, python: str | None) -> None:
    """Starts the Python for tools. Raises NodeError, with the remedy, if it cannot run them."""
    wanted = wanted_python(directory, python)
    program = find_python(directory, python)
    try:
        python_version(program)
    except NodeError as error:
        origin = "" if wanted.named_by == wanted.program else f"{wanted.named_by}. "
        raise NodeError("NoInterpreter", f"{origin}{error}; {wanted.remedy}", retryable=error.retryable) from error


def require_node() -> None:
    """Starts the Node.js for tools. Raises NodeError if it cannot run them."""
    node_version(find_node())


def _answer(program: str, *arguments: str) -> str:
    """The version that a program prints. Raises NodeError if it prints none."""
    try:
        done = subprocess.run(
            [program, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
            env=tool_environment(),
        )
    except OSError as error:
        raise NodeError(
            "NoInterpreter", f"{program} cannot be started: {error.strerror or error}", retryable=may_start_later(error)
        ) from error
    except subprocess.TimeoutExpired:
        raise NodeError("NoInterpreter", f"{program} did not respond within {_SECONDS} s") from None
    said, complained = (text.decode("utf-8", "replace").strip() for text in (done.stdout, done.stderr))
    if done.returncode != 0:
        reason = f": {(complained or said).splitlines()[-1]}" if complained or said else ""
        how = f"exit code {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        raise NodeError("NoInterpreter", f"{program} ended with {how}{reason}", retryable=False)
    if not _numbers(said):
        shown = f"printed “{said[:_LONGEST_ANSWER]}”" if said else "printed nothing"
        raise NodeError("NoInterpreter", f"{program} {shown} when asked for its version", retryable=False)
    return said


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version; empty if it is not a version."""
    parts = version.removeprefix("v").split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()


def _find(named: str) -> str | None:
    found = shutil.which(_expanded(named) if os.sep in named else named)
    return None if found is None else str(Path(found).absolute())


def _expanded(named: str) -> str:
    try:
        return str(Path(named).expanduser())
    except RuntimeError:  # of an unknown user
        return named


def _why_no_program(named: str) -> str:
    """The reason why a path or command cannot be executed, as the end of a sentence."""
    if os.sep not in named:
        there = next((path for path in _on_path(named) if os.path.lexists(path)), None)
        return "is not on PATH" if there is None else f"is {there} on PATH, which {_why_no_program(there)}"
    path = _expanded(named)
    try:
        status = os.stat(path)
    except OSError as error:
        if os.path.islink(path):
            return f"is a broken link to {os.readlink(path)}"
        if isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return "does not exist"
        return f"cannot be reached: {error.strerror}"
    if stat.S_ISDIR(status.st_mode):
        return "is a folder"
    return "is not executable"


def _on_path(name: str) -> list[str]:
    return [f"{folder}/{name}" for folder in os.get_exec_path() if folder]
