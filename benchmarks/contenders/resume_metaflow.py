"""Metaflow with its local datastore: `run`, then `resume` as a whole command, since there is no other way in."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from measured import Resumed, command_line, say

FLOW = Path(__file__).with_name("metaflow_flow.py")


def main() -> None:
    """Run until the failure, mend it, and time the resume."""
    _, n, folder = command_line()
    environment = {**os.environ, "METAFLOW_HOME": str(folder / "home"), "METAFLOW_USER": "bench"}

    def flow(*args: str) -> int:
        command = [sys.executable, str(FLOW), "--quiet", "--no-pylint", *args, "--max-workers", "2"]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode

    (folder / "broken").touch()
    assert flow("run", "--n", str(n)) != 0
    (folder / "broken").unlink()
    done = len((folder / "executed").read_text())
    began = time.perf_counter()
    assert flow("resume") == 0
    seconds = time.perf_counter() - began
    executed = len((folder / "executed").read_text()) - done
    say(Resumed(seconds, executed))


if __name__ == "__main__":
    main()
