"""`oe` in a process of its own that is forked from one which has imported it: hundreds of tests save those imports.

Run as a program, this is the process that forks. Each line that it reads is a command; it answers with its exit code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from tests.support.called import Called

_DECIDED_AT_START = ("PYTHON", "LANG", "LC_", "TZ")
"""Variables that Python reads when it starts: with other values, a command needs a start of its own."""


class OeForks:
    """Calls `oe`. One for a test process, which it does not outlive."""

    def __init__(self) -> None:
        self._start = _decided_at_start(os.environ)
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.support.oe_forks"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def serves(self, env: Mapping[str, str]) -> bool:
        """Whether a command with the environment `env` behaves here as in a process that started with it."""
        return _decided_at_start(env) == self._start

    def call(self, arguments: Sequence[str], folder: Path, env: Mapping[str, str]) -> Called:
        """Call `oe` in `folder` with exactly the environment `env`."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
            asked = {"arguments": arguments, "folder": str(folder), "env": dict(env), "out": out.name, "err": err.name}
            self._parent.stdin.write(json.dumps(asked).encode() + b"\n")
            self._parent.stdin.flush()
            code = json.loads(self._parent.stdout.readline())
            return Called(code, out.read(), err.read())


def _decided_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_DECIDED_AT_START)}


def main() -> None:
    """Import all that commands do, then fork for each."""
    from engine.cli.main import COMMANDS, _oe

    for name in COMMANDS:
        _oe.get_command(None, name)  # type: ignore[arg-type]
    import engine.runner.session  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become_oe(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become_oe(asked: Mapping[str, object]) -> NoReturn:
    os.chdir(str(asked["folder"]))
    environment = asked["env"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    for stream, path in ((0, os.devnull), (1, str(asked["out"])), (2, str(asked["err"]))):
        os.dup2(os.open(path, os.O_RDWR), stream)
    sys.argv = ["oe", *asked["arguments"]]  # type: ignore[misc]
    from engine.cli.entrypoint import main as oe

    try:
        oe()
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code if isinstance(ended.code, int) else 0)
    os._exit(1)


if __name__ == "__main__":
    main()
