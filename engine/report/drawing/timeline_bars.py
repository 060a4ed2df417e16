"""The bars and marks of executions on a timeline.

x is in milliseconds from the start of the run and y in pixels: a script zooms by the viewBox alone, and strokes, which
do not scale, keep short bars and marks visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.log.humanize import duration, shortened
from engine.log.reading.view import NodeStatus
from engine.report.drawing.markup import Element, element
from engine.report.executions import Execution
from engine.report.timing.spans import Span, SpanKind, spans
from engine.report.timing.waits import Wait

ENDLESS = 1e9
"""The width of the bar of what still runs, in milliseconds: it is seen up to the end of the drawing."""

ROW_HEIGHT = 24.0
"""The height of most rows in pixels, which styles know."""

_LEAST = 0.01
_MOST_SPANS = 40
_LONGEST_TEXT = 300


def time_svg(end: float, height: float, children: Iterable[Element]) -> Element:
    """A drawing of the time from 0 to `end`, that is as wide as its place."""
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {written(max(end, 1.0))} {height:.0f}",
        height=None if height == ROW_HEIGHT else f"{height:.0f}",
        preserveAspectRatio="none",
        class_="time",
        aria_hidden="true",
    )


def execution_bar(execution: Execution, top: float, height: float) -> Iterator[Element]:
    """The bar of an execution, with what it did; a mark if it was restored, skipped or otherwise never started."""
    if execution.started_ms is None:
        if execution.ended_ms is not None:
            yield _mark(execution, top + height / 2, _title(execution))
        return
    inside = list(spans(execution))[:_MOST_SPANS]
    has_calls = any(span.kind is SpanKind.CALL for span in inside)
    yield plain_bar(execution, top, height, "bar pale" if has_calls else "bar")
    for span in inside:
        yield from _span(span, top, height, execution.status, has_calls=has_calls)
    yield from failed_end(execution, top, height)


def plain_bar(execution: Execution, top: float, height: float, class_: str = "bar") -> Element:
    """The bar of an execution that has started, without what it did."""
    started = execution.started_ms or 0.0
    return _rect(
        started,
        execution.ended_ms,
        top,
        height,
        f"{class_} {execution.status.value}",
        _title(execution),
    )


def failed_end(execution: Execution, top: float, height: float) -> Iterator[Element]:
    """A line at the end of an execution that failed, since colour alone says nothing."""
    if execution.status is NodeStatus.FAILED and execution.ended_ms is not None:
        yield _line(execution.ended_ms, top - 1, height + 2, "end failed")


def retries(execution: Execution, top: float, height: float) -> Iterator[Element]:
    """The failed attempts of a group, such as a nested experience, and the waits after them."""
    for span in spans(execution):
        if span.kind is SpanKind.RETRY:
            yield from _span(span, top, height, execution.status, has_calls=True)


def wait_line(wait: Wait, middle: float) -> Element:
    """A thin line from when an execution could have started to when it did."""
    end = wait.started_ms if wait.started_ms is not None else wait.ready_ms + ENDLESS
    path = f"M{written(wait.ready_ms)} {middle - 4:.0f}v8m0-4H{written(end)}"
    return element("path", element("title", shortened(wait.text, _LONGEST_TEXT)), d=path, class_="wait")


def written(ms: float) -> str:
    """A time or width in milliseconds as an attribute. A log holds whole ones; others are means."""
    return f"{ms:.0f}" if ms == int(ms) else f"{ms:.2f}"


def _rect(start: float, end: float | None, top: float, height: float, class_: str, title: str) -> Element:
    return element(
        "rect",
        element("title", shortened(title, _LONGEST_TEXT)),
        x=written(start),
        y=f"{top:.3g}",
        width=written(ENDLESS if end is None else max(end - start, _LEAST)),
        height=f"{height:.3g}",
        class_=class_,
    )


def _span(span: Span, top: float, height: float, status: NodeStatus, *, has_calls: bool) -> Iterator[Element]:
    took = duration(span.end - span.start) if span.end is not None else ""
    title = ", ".join(part for part in (span.text, took) if part)
    if span.kind is SpanKind.RETRY:
        yield _rect(span.start, span.end, top, height, "gap", title)
        yield _line(span.start, top - 2, height + 4, "retry", title)
    elif span.kind is SpanKind.TOKENS:
        yield _line(span.start, top + height - 4, 4, "tokens", title)
    elif span.kind is SpanKind.LIMIT:
        yield _rect(span.start, span.end, top, height, "gap", title)
    elif span.kind is SpanKind.CALL:
        yield _rect(span.start, span.end, top + 2, height - 4, f"call {status.value}", title)
    elif not has_calls:
        yield _line(span.start, top + height - 4, 4, "tokens", title)


def _line(at: float, top: float, height: float, class_: str, title: str = "") -> Element:
    tip = element("title", shortened(title, _LONGEST_TEXT)) if title else None
    return element("path", tip, d=f"M{written(at)} {top:.3g}v{height:.3g}", class_=class_)


def _mark(execution: Execution, middle: float, title: str) -> Element:
    """A dot, which is a line without length with a round end: nothing else keeps its form while time scales."""
    at = written(execution.ended_ms or 0.0)
    tip = element("title", shortened(title, _LONGEST_TEXT))
    return element("path", tip, d=f"M{at} {middle:.3g}h0", class_=f"mark {execution.status.value}")


def _title(execution: Execution) -> str:
    said = [f"{execution.label}: {execution.status.value}"]
    if execution.started_ms is not None and execution.ended_ms is not None:
        said.append(duration(execution.ended_ms - execution.started_ms))
    if execution.error is not None:
        said.append(execution.error.message)
    elif execution.reason is not None:
        said.append(execution.reason)
    return ", ".join(said)
