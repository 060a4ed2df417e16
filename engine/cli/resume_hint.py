"""The command that takes a run up again, as a person types it where they are now."""

from __future__ import annotations

import os
import shlex
from pathlib import Path


def resume_command(run_id: str, folder: Path) -> str:
    """`oe resume …` for a run of the experience in `folder`."""
    folder = folder.absolute()
    if folder == Path.cwd():
        return f"oe resume {run_id}"
    near = os.path.relpath(folder)
    return f"oe resume {run_id} --experience {shlex.quote(str(folder) if near.startswith('..') else near)}"
