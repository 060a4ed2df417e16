"""A run as one HTML page without network access or scripts. Everything is escaped: outputs are never markup."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources

from engine.json_types import Json
from engine.log.events.events import Counts, Record, Sums
from engine.log.humanize import counts_text, duration, money, spent_text, tokens_text
from engine.log.reading.summary import RunState, RunSummary
from engine.log.values.input_values import InputValues
from engine.log.values.large_values import Read, no_blobs
from engine.report.drawing.diagram import Picture
from engine.report.drawing.markup import Element, document, element
from engine.report.drawing.svg_graph import MOST_BOXES, picture_of_log, svg_graph
from engine.report.drawing.svg_timeline import svg_timeline
from engine.report.executions import History, history, in_order
from engine.report.page.page_nodes import Values, error_box, node_section, value_row
from engine.report.received_inputs import KnownValues

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def run_page(
    records: Sequence[Record],
    summary: RunSummary,
    picture: Picture | None = None,
    written: Iterable[Json] = (),
    read: Read = no_blobs,
) -> str:
    """The page of one run. `picture` is the graph of the experience, if it is still the one that ran; else the graph is
    drawn from the log. `written` are values in the experience, such as args of nodes; `read` returns blobs.
    """
    run = history(records)
    known = Values(InputValues(records, read), KnownValues(run, written))
    anchors = {execution.node_id: f"node-{number}" for number, execution in enumerate(run.executions, 1)}
    drawn = picture or picture_of_log(summary.experience, run)
    kinds = {box.id: box.kind for box in drawn.boxes}
    title = f"{summary.experience} · {summary.outcome} · {summary.short_id}"
    main = element(
        "main",
        *_head(run, summary),
        *_failure(run, summary),
        element("h2", "Graph"),
        _graph(drawn, run, anchors),
        element("p", "experience.yaml has changed since this run: drawn from the log alone.", class_="note")
        if picture is None
        else None,
        element("h2", "Timeline"),
        element("div", svg_timeline(run, anchors), class_="panel"),
        element("h2", "Nodes"),
        *(node_section(each, known, anchors[each.node_id], kinds) for each in run.executions),
        *_run_section(run),
        element("footer", f"{run.started.engine or 'oe'} · everything on this page comes from the log of the run")
        if run.started
        else None,
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", _css()),
    )
    return document(element("html", head, element("body", main), lang="en"))


@functools.cache
def _css() -> str:
    return resources.files(__package__ or "engine.report").joinpath("page.css").read_text(encoding="utf-8")


def _head(run: History, summary: RunSummary) -> Iterator[Element]:
    started = run.started
    version = started.experience.version if started is not None and started.experience is not None else ""
    yield element(
        "div",
        element("h1", f"{summary.experience} {version}".strip()),
        element("span", summary.outcome, class_=f"badge {summary.state.value}"),
        class_="head",
    )
    moment = summary.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    facts = [f"run {summary.run_id}", moment, *([f"on {started.host}"] if started and started.host else [])]
    yield element("p", " · ".join(facts), class_="facts")
    if summary.follows is not None:
        yield element("p", summary.follows, class_="facts")
    yield element("div", *(_tile(name, value) for name, value in _tiles(run, summary).items()), class_="tiles")


def _tiles(run: History, summary: RunSummary) -> Mapping[str, str]:
    tiles = {
        f"of {summary.total} nodes": f"{summary.ended}",
        "duration": duration(summary.duration_ms) if summary.duration_ms is not None else "",
    }
    if summary.counts != Counts():
        tiles["outcomes"] = counts_text(summary.counts)
    spent = summary.spent
    if spent != Sums():
        tiles["spent"] = money(spent.cost_usd) or tokens_text(spent.tokens_in + spent.tokens_out)
        tiles["tokens in / out"] = f"{spent.tokens_in:,} / {spent.tokens_out:,}"
    if summary.inherited != Sums():
        tiles["inherited by restoring"] = spent_text(summary.inherited)
    if summary.original_run_id is not None and summary.kind is None and summary.lineage != Sums():
        tiles["spent with the runs it resumes"] = spent_text(summary.lineage)
    saved = sum(each.duration_ms or 0.0 for each in in_order(run.executions) if each.produced_by is not None)
    if saved:
        tiles["saved by restoring"] = duration(saved)
    return {name: value for name, value in tiles.items() if value}


def _tile(name: str, value: str) -> Element:
    return element("div", element("b", value), element("span", name), class_="tile")


def _failure(run: History, summary: RunSummary) -> Iterator[Element]:
    """The first error, and the command that resumes the run."""
    if summary.error is not None:
        yield error_box(summary.error, f"{summary.failed_at} failed")
    if summary.state in (RunState.SUCCESS, RunState.RUNNING):
        return
    if summary.why and summary.error is None:
        yield element("p", summary.why, class_="facts")
    yield element("p", "Resume with ", element("code", f"oe resume {run.run_id}"), class_="facts")


def _graph(picture: Picture, run: History, anchors: Mapping[str, str]) -> Element:
    if len(picture.boxes) > MOST_BOXES:
        return element("p", f"A graph of {len(picture.boxes)} nodes is too large to draw.", class_="note")
    return element("div", svg_graph(picture, run, anchors), class_="panel")


def _run_section(run: History) -> Iterator[Element]:
    started = run.started
    if started is None:
        return
    rows = [value_row(f"args.{name}", value) for name, value in started.args.items()]
    rows += [value_row(f"state.{name}", value) for name, value in started.state.items()]
    if rows:
        yield element("h2", "Args and starting state")
        yield element("div", element("table", *rows, class_="values"), class_="panel")
    if run.warnings:
        yield element("h2", "Warnings")
        yield element("div", *(element("p", warning) for warning in run.warnings), class_="panel")
