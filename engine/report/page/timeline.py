"""The section with the timeline of a run: what ran when, and what it waited for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from engine.log.humanize import duration, shortened_name
from engine.report.critical_path import critical_path, durations
from engine.report.drawing.diagram import Picture
from engine.report.drawing.markup import Element, element
from engine.report.drawing.timeline_axis import axis, grid
from engine.report.drawing.timeline_load import load_row
from engine.report.drawing.timeline_row import Vertex, timeline_row
from engine.report.executions import Execution
from engine.report.page.section import RunOnPage
from engine.report.timing.timing import Timing
from engine.report.timing.waits import predecessors_in_log, wait_of

_MOST_NAMES = 12
_LONGEST_NAME = 40
_LEGEND = (
    ({"bar": "M2 8h20"}, "ran"),
    ({"light": "M2 8h20", "call": "M6 8h8"}, "called a model or coding agent"),
    ({"wait": "M2 4v8m0-4h20"}, "could have started"),
    ({"retry": "M12 2v12"}, "an attempt failed"),
    ({"mark": "M12 8h0"}, "restored, skipped or cancelled"),
)
_TOOLS = (
    ("zoom-out", "\u2212", "Zoom out"),
    ("zoom-in", "+", "Zoom in"),
    ("fit", "Fit", "Show the whole run"),
    ("clock", "Time of day", "Show the time of day instead of the time since the start"),
    ("critical", "Critical path", "Show the nodes that made the run last as long as it did"),
)


class TimelineSection:
    """A row for each vertex, which opens. Its script zooms and moves the end of time: no row changes for that."""

    def __init__(self, run: RunOnPage) -> None:
        self._run = run
        self._timing = Timing(kinds=_kinds(run.drawn))
        self._shown = 0

    def whole(self) -> Element:
        """All of it."""
        executions = self._look()
        self._shown = len(executions)
        return element(
            "section",
            element("h2", "Timeline"),
            _toolbar(),
            element(
                "div",
                element("div", axis(self._now), load_row(self._timing.loads, self._now), class_="timeline-head"),
                element("div", grid(self._now), *self._rows(executions, executions), class_="timeline-rows"),
                class_="panel timeline-panel",
                role="group",
                tabindex="0",
                aria_label="Timeline",
                aria_describedby="timeline-help",
            ),
            element("p", *_legend(), class_="note timeline-legend"),
            element("p", _HELP, id="timeline-help", class_="note"),
            self._critical(),
            self._clock(),
            id="timeline",
        )

    def changed(self, vertices: Set[str]) -> Iterator[Element]:
        """The rows of the vertices and of those that wait for them, and what is above and below the rows."""
        executions = self._look()
        if len(executions) != self._shown:
            yield self.whole()
            return
        touched = [
            each
            for each in executions
            if each.node_id in vertices or not vertices.isdisjoint(self._predecessors.get(each.node_id, ()))
        ]
        yield from self._rows(touched, executions)
        yield load_row(self._timing.loads, self._now)
        yield self._critical()
        yield self._clock()

    def _look(self) -> Sequence[Execution]:
        """Take in what has changed since the last look; returns the vertices."""
        run = self._run
        if run.history.started is not None:
            self._timing.loads.limits = run.history.started.concurrency
        self._timing.add(run.touched.values())
        self._predecessors = run.drawn.waits if run.drawn is not None else predecessors_in_log(run.history.executions)
        return run.history.executions

    def _rows(self, wanted: Sequence[Execution], executions: Sequence[Execution]) -> Iterator[Element]:
        by_id = {each.node_id: each for each in executions}
        for execution in wanted:
            before = self._predecessors.get(execution.node_id, ())
            yield timeline_row(self._vertex(execution, [by_id[id_] for id_ in before if id_ in by_id]), self._timing)

    def _vertex(self, execution: Execution, before: Sequence[Execution]) -> Vertex:
        kind = self._timing.kind(execution)
        return Vertex(
            execution,
            self._run.number(execution.node_id),
            self._now,
            self._timing.parts.get(execution.node_id),
            wait_of(execution, before, self._timing.loads, kind) if self._is_known(before) else None,
            tuple(each.node_id for each in before if each.ended_ms is None),
            self._run.is_brief,
        )

    def _is_known(self, before: Sequence[Execution]) -> bool:
        """Whether it is known for what a vertex waits: a log alone does not tell that it waits for nothing."""
        return bool(before) or self._run.drawn is not None

    def _critical(self) -> Element:
        """The critical path in words; `data-rows` are the numbers of its rows."""
        executions = self._run.history.executions
        links = [(source, id_) for id_, sources in self._predecessors.items() for source in sources]
        found = critical_path([each.node_id for each in executions], links, durations(executions, self._now))
        path = found.vertices
        names = [shortened_name(id_, _LONGEST_NAME) for id_ in path[:_MOST_NAMES]]
        more = f" and {len(path) - _MOST_NAMES} more" if len(path) > _MOST_NAMES else ""
        took = f"{duration(found.duration_ms)} of {duration(self._now)}"
        words = f"Critical path: {' → '.join(names)}{more}, {took}" if path else ""
        numbers = " ".join(str(self._run.number(id_)) for id_ in path)
        return element("p", words, id="timeline-critical", class_="note", data_rows=numbers)

    def _clock(self) -> Element:
        """For the script: when the run started, how far it has come in milliseconds, and whether it goes on."""
        run = self._run
        goes_on = run.alive and run.history.finished is None
        return element(
            "p",
            id="timeline-clock",
            hidden="hidden",
            data_started=run.history.started_at,
            data_end=f"{self._now:.0f}",
            data_live="true" if goes_on else None,
        )

    @property
    def _now(self) -> float:
        return max(self._run.history.ended_ms, 1.0)


_HELP = "Open a row to read what it waited for and what it did. The list of nodes below has all of it in words."
_KEYS = "Ctrl + wheel, + and \u2212 zoom; drag, \u2190 and \u2192 move"


def _kinds(picture: Picture | None) -> Mapping[str, str]:
    """The kinds of the nodes of a graph, including those inside pipelines and loops."""
    boxes = [part for box in picture.boxes for part in (box, *box.parts)] if picture is not None else []
    return {box.id: box.kind for box in boxes if box.kind}


def _toolbar() -> Element:
    """The buttons, which the script shows: without it they would do nothing. Those without words get a name."""
    buttons = (
        element(
            "button",
            label,
            type="button",
            data_does=does,
            title=title,
            aria_label=None if label[0].isalpha() else title,
        )
        for does, label, title in _TOOLS
    )
    keys = element("span", _KEYS, class_="note")
    return element("div", *buttons, keys, id="timeline-tools", class_="timeline-tools", hidden="hidden")


def _legend() -> Iterator[Element]:
    for paths, text in _LEGEND:
        drawn = (element("path", d=path, class_=class_) for class_, path in paths.items())
        drawing = element("svg", *drawn, viewBox="0 0 24 16", aria_hidden="true")
        yield element("span", drawing, text, class_="completed")
