"""The HTML page of `oe inspect --html`, with the graph of the experience if that is still the one that ran."""

from __future__ import annotations

from engine.log.reading.reader import Log
from engine.log.reading.summary import RunSummary
from engine.log.storage.blobs import blobs_of
from engine.report.drawing.disk_picture import picture_with_nested
from engine.report.page.page import run_page
from engine.runner.ran_experience import experience_that_ran, written_values


def page_of(log: Log, summary: RunSummary, *, redacted: bool = False) -> str:
    """The HTML page of a run. Its graph is that of experience.yaml, unless the file has changed since.

    `redacted` leaves out values, and texts that may hold one.
    """
    loaded = experience_that_ran(log.path, log.started)
    read = blobs_of(log.path).read
    if loaded is None:
        return run_page(log.records, summary, read=read, redacted=redacted)
    return run_page(log.records, summary, picture_with_nested(loaded), written_values(loaded), read, redacted=redacted)
