"""Reads what is kept of an attempt beside the log: its output, and its exchange with a model or coding agent."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.json_types import Json
from engine.log.storage.safe_open import open_own, read_own

_ATTEMPT_ID = re.compile(r"[0-9a-f]{1,64}")
_MOST_EXCHANGE_BYTES = 11_000_000
_MOST_OUTPUT_BYTES = 64 * 1024


class Exchange(Struct, frozen=True):
    """The last request of an attempt, and the answer; None if none came."""

    sent: Mapping[str, Json]
    received: Json = None


class AttemptFiles(Struct, frozen=True):
    """What is kept of an attempt. `output` is the end of what it printed; `is_cut` says that it is not all."""

    output: str = ""
    is_cut: bool = False
    exchange: Exchange | None = None


def read_attempt(folder: Path, attempt_id: str) -> AttemptFiles:
    """What is kept of an attempt in the output folder of its run; empty where nothing is, or it cannot be read."""
    if not _ATTEMPT_ID.fullmatch(attempt_id):  # it comes from a log and becomes part of a path
        return AttemptFiles()
    output, is_cut = _output(folder / f"{attempt_id}.log")
    return AttemptFiles(output, is_cut, _exchange(folder / f"{attempt_id}.exchange.jsonl"))


def _output(path: Path) -> tuple[str, bool]:
    try:
        with open_own(path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _MOST_OUTPUT_BYTES))
            return file.read(_MOST_OUTPUT_BYTES).decode("utf-8", "replace"), size > _MOST_OUTPUT_BYTES
    except OSError:
        return "", False


def _exchange(path: Path) -> Exchange | None:
    """The last request and what followed it."""
    try:
        lines = read_own(path, _MOST_EXCHANGE_BYTES).splitlines()
    except OSError:
        return None
    received: Json = None
    for line in reversed(lines):
        try:
            message = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            continue
        if not isinstance(message, dict):
            continue
        if isinstance(message.get("sent"), dict):
            return Exchange(message["sent"], received)
        received = received if received is not None else message.get("received")
    return None
