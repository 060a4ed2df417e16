"""One version: the engine's. The extension and the changelog follow it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from engine import __version__

ROOT = Path(__file__).parents[2]


def test_the_extension_has_the_version_of_the_engine() -> None:
    manifest = json.loads((ROOT / "vscode-client" / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((ROOT / "vscode-client" / "package-lock.json").read_text(encoding="utf-8"))

    assert manifest["version"] == locked["version"] == __version__


def test_the_newest_release_in_the_changelog_is_the_version_of_the_engine() -> None:
    released = re.findall(r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)

    assert released[0] == __version__
