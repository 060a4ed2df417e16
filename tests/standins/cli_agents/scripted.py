"""What the stand-ins for coding agents share: a script of answers, and a record of their calls.

The variable STANDIN_SCRIPT names a JSON file: `answers` is a list of {`when`: a text that the prompt holds, `answer`:
what to say, `error`: what to fail with, `progress`: lines for stderr}; `calls` is the file to record calls in.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn


@dataclass(frozen=True)
class Reply:
    """What an agent comes to: an answer, or an error."""

    answer: str = ""
    error: str | None = None
    progress: list[str] = field(default_factory=list)


class Arguments(argparse.ArgumentParser):
    """Refuses what the real command line would refuse, with its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(allow_abbrev=False, add_help=False)
        self._code = code

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"error: {message}\n")
        sys.exit(self._code)


def stdin() -> str:
    """What is piped in."""
    return "" if sys.stdin.isatty() else sys.stdin.buffer.read().decode()


def reply(program: str, prompt: str) -> Reply:
    """The first reply of the script that fits `prompt`; the call is recorded."""
    script = json.loads(Path(os.environ["STANDIN_SCRIPT"]).read_text())
    call: dict[str, Any] = {
        "program": program,
        "argv": sys.argv[1:],
        "prompt": prompt,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
    }
    with Path(script["calls"]).open("a") as calls:
        calls.write(json.dumps(call) + "\n")
    found = next((entry for entry in script["answers"] if entry.get("when", "") in prompt), {"error": "no such prompt"})
    answer = found.get("answer", "")
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return Reply(text, found.get("error"), found.get("progress", []))


def report(lines: list[str]) -> None:
    """Tell on stderr what goes on."""
    for line in lines:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
