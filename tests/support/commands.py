"""The `oe` command as a user calls it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile

from engine.user_folder import STATE_FOLDER_VARIABLE
from tests.support.called import Called
from tests.support.forks import can_fork, fork

OE = (sys.executable, "-m", "engine.cli")


def call(
    command: Sequence[str], folder: Path, env: dict[str, str] | None = None, prepare: Callable[[], None] | None = None
) -> Called:
    """Call a command in `folder`, without the keys and settings of this machine, plus `env`.

    `prepare` runs in the new process before the command. Nothing that it prints may be a traceback.
    """
    own = ("ANTHROPIC", "OPENAI", "OE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    if STATE_FOLDER_VARIABLE in os.environ:
        inherited[STATE_FOLDER_VARIABLE] = os.environ[STATE_FOLDER_VARIABLE]
    environment = {**inherited, **(env or {})}
    if prepare is None and can_fork(command, environment):
        called = _forked(command, folder, environment)
    else:
        called = _started(command, folder, environment, prepare)
    assert "Traceback" not in called.out + called.err
    return called


def _forked(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Called:
    with Path(os.devnull).open() as nothing, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        code = fork(command, folder, environment, (nothing.fileno(), out.fileno(), err.fileno())).wait()
        out.seek(0)
        err.seek(0)
        return Called(code, out.read(), err.read())


def _started(
    command: Sequence[str], folder: Path, environment: dict[str, str], prepare: Callable[[], None] | None
) -> Called:
    done = subprocess.run(
        list(command),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=prepare,
    )
    return Called(done.returncode, done.stdout, done.stderr)
