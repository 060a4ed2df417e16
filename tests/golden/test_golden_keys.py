"""Input hashes are what they were when they were recorded: in every process, on every machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.golden import HERE, VERSION
from tests.golden.keys import keys_of

EVERY_KIND = VERSION / "every-kind"
RECORDED = json.loads((EVERY_KIND / "keys.json").read_text())


def test_hashes_are_what_was_recorded(tmp_path: Path) -> None:
    """Wherever the folder lies."""
    folder = tmp_path / "a folder with ünïcödé"
    shutil.copytree(EVERY_KIND, folder)

    assert keys_of(folder) == RECORDED


def test_the_order_of_keys_does_not_matter() -> None:
    assert keys_of(EVERY_KIND, backwards=True) == RECORDED


def test_line_ends_of_texts_do_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / "windows"
    shutil.copytree(EVERY_KIND, folder)
    for file in folder.rglob("*"):
        if file.is_file() and file.parent.name not in ("data", "rules"):
            file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert keys_of(folder) == RECORDED


@pytest.mark.parametrize(
    "environment", [{"PYTHONHASHSEED": "0"}, {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC-9"}]
)
def test_hashes_are_the_same_in_every_process(environment: dict[str, str]) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tests.golden.keys", str(EVERY_KIND)],
        cwd=HERE.parents[1],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert json.loads(said) == RECORDED
