"""Fingerprints of big files, kept from run to run in the data folder, so that a resume reads none of them again."""

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
    """What was kept in `folder`, by path; nothing where that cannot be read: it only saves time."""
    try:
        kept = json.loads(read_own(folder / _FILE, _MOST_BYTES))
        return dict(_entries(kept))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}


def keep(folder: Path, known: Mapping[str, Known]) -> None:
    """Keep `known` beside what was kept before, as far as those files still exist. A disk that refuses is no error."""
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
    """The entries of the file. Raises ValueError and the like where it is none of this version."""
    if kept["v"] != _VERSION:
        return
    for path, (*stamp, digest, names_index) in kept["files"].items():
        if not isinstance(digest, str):
            raise TypeError(f"no digest: {digest}")
        # Only settled ones are ever kept.
        yield path, Known(Stamp(*map(int, stamp)), Fingerprint(digest, digest, bool(names_index)), settled=True)


def _write(folder: Path, text: str) -> None:
    """Whole or not at all: another run may write it at the same moment."""
    handle, temporary = tempfile.mkstemp(prefix=f"{_FILE}.", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(temporary).replace(folder / _FILE)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
