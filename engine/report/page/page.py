"""A run as one HTML page: the sections of the page, and the file that holds all of it.

Everything is escaped: outputs are never markup.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.json_types import Json
from engine.log.events.events import Record
from engine.log.reading.summary import RunState, RunSummary
from engine.log.values.input_values import InputValues
from engine.log.values.large_values import Read, no_blobs
from engine.report.drawing.diagram import Picture
from engine.report.page.document import file_document
from engine.report.page.graph_section import GraphSection
from engine.report.page.live_page import LivePage
from engine.report.page.nodes import NodesSection
from engine.report.page.overview import (
    ArgsSection,
    FailureSection,
    FooterSection,
    HeadSection,
    SlotSection,
    WarningsSection,
    title_of,
)
from engine.report.page.redaction import redacted_picture
from engine.report.page.section import RunOnPage
from engine.report.page.timeline import TimelineSection
from engine.report.page.tools import ToolsSection


def live_page(
    picture: Picture | None = None,
    written: Iterable[Json] = (),
    read: Read = no_blobs,
    *,
    alive: bool = True,
    redacted: bool = False,
) -> LivePage:
    """The page of one run, whose records are yet to be added.

    `picture` is the graph of the experience, if it is the one that ran; else the graph is drawn from the log.
    `written` are values in the experience, such as args of nodes; `read` returns blobs. `alive` says whether an engine
    is executing the run. `redacted` leaves out values, and texts that may hold one.
    """
    if redacted:
        picture, written, read = picture and redacted_picture(picture), (), no_blobs
    run = RunOnPage(drawn=picture, alive=alive, redacted=redacted, values=InputValues((), read), read=read)
    return LivePage(
        run,
        (
            HeadSection(run),
            FailureSection(run),
            SlotSection("plan"),
            GraphSection(run),
            TimelineSection(run),
            ToolsSection(),
            NodesSection(run, written),
            ArgsSection(run),
            WarningsSection(run),
            FooterSection(run),
        ),
    )


def run_page(
    records: Iterable[Record],
    summary: RunSummary,
    picture: Picture | None = None,
    written: Iterable[Json] = (),
    read: Read = no_blobs,
    *,
    redacted: bool = False,
) -> str:
    """The page of a run as one file, as far as `records` go; the parameters are those of `live_page`."""
    page = live_page(picture, written, read, alive=summary.state is RunState.RUNNING, redacted=redacted)
    page.run.is_file = True
    page.add(records)
    return file_document(title_of(page.run.summary), page.main())
