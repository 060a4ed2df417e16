"""The HTML page of `oe inspect --html`, with the graph of the experience if that is still the one that ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.canonical import hash_bytes
from engine.experience.analyse import analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.load import (
    ExperienceNotFoundError,
    InvalidExperienceError,
    Loaded,
    UnreadableExperienceError,
    load_alone,
)
from engine.json_types import Json
from engine.log.reading.reader import Log
from engine.log.reading.summary import RunSummary
from engine.log.storage.blobs import blobs_of
from engine.report.drawing.diagram import picture_of_analysis, picture_of_loaded
from engine.report.page.page import run_page


def page_of(log: Log, summary: RunSummary) -> str:
    """The HTML page of a run. Its graph is that of experience.yaml, unless the file has changed since."""
    loaded = _experience_that_ran(log)
    read = blobs_of(log.path).read
    if loaded is None:
        return run_page(log.records, summary, read=read)
    files = DiskFiles(loaded.directory, loaded.path.name)
    picture = picture_of_analysis(analyse(loaded.text, files=files), files) or picture_of_loaded(loaded)
    return run_page(log.records, summary, picture, _written_values(loaded), read)


def _experience_that_ran(log: Log) -> Loaded | None:
    experience = log.started.experience
    if experience is None:
        return None
    # The folder may have been moved; the log is in <folder>/.openexpertise/runs.
    file = log.path.absolute().parents[2] / Path(experience.path).name
    try:
        loaded = load_alone(file)
    except (ExperienceNotFoundError, UnreadableExperienceError, InvalidExperienceError):
        return None
    same = hash_bytes(loaded.text.encode("utf-8", "surrogatepass")) == log.started.spec_hash
    return loaded if same else None


def _written_values(loaded: Loaded) -> Iterator[Json]:
    for node in loaded.experience.nodes:
        for key in ("args", "inputs", "source"):
            written = node.source.get(key)
            yield from written.values() if isinstance(written, Mapping) else ()
