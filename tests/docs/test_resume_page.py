"""docs/resume.md: every output on it is what its commands print, but for ids, digests and durations."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "resume.md"

_MASKS = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "RUN"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "DIGEST"),
    (re.compile(r'"savedMs": [\d.]+'), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "TIME"),
)


def masked(text: str) -> str:
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text.rstrip()


def commands() -> Iterator[tuple[str, str]]:
    """Each command of the page with the output below it, in order."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = command.partition("\n")
            yield line, output


def test_every_command_of_the_page_prints_what_stands_below_it(tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "examples" / "city-report", tmp_path / "city-report")
    oe = tmp_path / "bin" / "oe"
    oe.parent.mkdir()
    oe.write_text(f'#!/bin/sh\nexec {sys.executable} -m engine.cli "$@"\n')
    oe.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith("OE_")}
    env |= {"PATH": f"{oe.parent}:{env['PATH']}", "PYTHONPATH": str(ROOT)}

    told = list(commands())
    for command, expected in told:
        done = subprocess.run(
            command, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert masked(done.stdout) == masked(expected), f"$ {command}\n{done.stderr}"
    assert len(told) > 10
