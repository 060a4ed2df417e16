"""Keeps the fingerprints of big files in the data folder, so that a resume need not read them again."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import astuple

from engine.cache.keys.file_stamps import Stamp
from engine.cache.keys.fingerprints import Fingerprint, Known
from engine.log.storage.safe_open import read_own

_VERSION = 1
_FILE = "fingerprints.json"
_MOST_BYTES = 64 * 1024 * 1024


def recall(folder: Path) -> dict[str, Known]:
    """The fingerprints kept in `folder`, by path; none if they cannot be read, since they only save time."""
    try:
        kept = json.loads(read_own(folder / _FILE, _MOST_BYTES))
        return dict(_entries(kept))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}


def keep(folder: Path, known: Mapping[str, Known]) -> None:
    """Add `known` to what was kept, and drop files that no longer exist. Ignores disk errors."""
    before = recall(folder)
    merged = {path: entry for path, entry in {**before, **known}.items() if Path(path).exists()}
    if merged == before:
        return
    files = {
        path: [*astuple(entry.stamp), entry.fingerprint.digest, entry.fingerprint.names_index]
        for path, entry in merged.items()
    }
    with contextlib.suppress(OSError):
        _write(folder, json.dumps({"v": _VERSION, "files": files}))


def _entries(kept: Any) -> Iterator[tuple[str, Known]]:
    """The entries of the file; none of another version. Raises ValueError and the like if it is damaged."""
    if kept["v"] != _VERSION:
        return
    for path, (*stamp, digest, names_index) in kept["files"].items():
        if not isinstance(digest, str):
            raise TypeError(f"no digest: {digest}")
        # Only settled ones are ever kept.
        yield path, Known(Stamp(*map(int, stamp)), Fingerprint(digest, digest, bool(names_index)), settled=True)


def _write(folder: Path, text: str) -> None:
    """Write atomically: another run may write the file at the same moment."""
    handle, temporary = tempfile.mkstemp(prefix=f"{_FILE}.", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(temporary).replace(folder / _FILE)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
