"""The experience of a run, if its file is still the one that ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.canonical import hash_bytes
from engine.experience.load import (
    ExperienceNotFoundError,
    InvalidExperienceError,
    Loaded,
    UnreadableExperienceError,
    load_alone,
)
from engine.json_types import Json
from engine.log.events.events import RunStarted


def experience_that_ran(log: Path, started: RunStarted) -> Loaded | None:
    """The experience of the run that wrote `log`; None if its file is gone or has changed since. Blocking."""
    if started.experience is None:
        return None
    # The folder may have been moved; the log is in <folder>/.openexpertise/runs.
    file = log.absolute().parents[2] / Path(started.experience.path).name
    try:
        loaded = load_alone(file)
    except (ExperienceNotFoundError, UnreadableExperienceError, InvalidExperienceError):
        return None
    return loaded if hash_bytes(loaded.text.encode("utf-8", "surrogatepass")) == started.spec_hash else None


def written_values(loaded: Loaded) -> Iterator[Json]:
    """Values in the text of an experience, such as args of nodes."""
    for node in loaded.experience.nodes:
        for key in ("args", "inputs", "source"):
            written = node.source.get(key)
            yield from written.values() if isinstance(written, Mapping) else ()
