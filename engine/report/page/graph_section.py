"""The graph of a run on its page, with the graphs inside its boxes, which open, and the switches for what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise

from engine.log.humanize import duration, plural
from engine.report.conditions import Conditions
from engine.report.critical_path import CriticalPath, critical_path, durations
from engine.report.drawing.box_states import by_node
from engine.report.drawing.diagram import MOST_DATA_LINES, Box, Picture
from engine.report.drawing.graph_box import BoxPlan
from engine.report.drawing.log_picture import box_of_log
from engine.report.drawing.markup import Element, element
from engine.report.drawing.svg_graph import MOST_BOXES
from engine.report.executions import Execution
from engine.report.page.graph_view import Executions, GraphView, Overlay, inside
from engine.report.page.section import RunOnPage

_MOST_DEEP = 9
_MOST_NAMED = 12


class GraphSection:
    """The graph of the experience, with the statuses of the run."""

    def __init__(self, run: RunOnPage, plan: Mapping[str, BoxPlan] | None = None) -> None:
        """`plan` is what a resume would do at each vertex, to be drawn over the statuses."""
        self._run = run
        self._plan = plan
        self._views: dict[str, GraphView] = {}
        self._plans: dict[str, Mapping[str, BoxPlan] | None] = {}
        self._drawn: Picture | None = None
        self._critical: CriticalPath | None = None
        self._conditions: Conditions | None = None

    def whole(self) -> Element:
        """All of it."""
        picture = self._run.picture
        if len(picture.boxes) > MOST_BOXES:
            large = element("p", f"A graph of {len(picture.boxes)} nodes is too large to draw.", class_="note")
            return element("section", element("h2", "Graph"), self._note(), large, id="graph")
        self._begin(picture)
        found = by_node(self._run.history.executions)
        return element(
            "section",
            element("h2", "Graph"),
            self._note(),
            self._tools(picture),
            self._critical_text(),
            self._frame(GraphView(picture), found),
            self._data_note(picture),
            id="graph",
        )

    def changed(self, vertices: Set[str]) -> Iterator[Element]:
        """The boxes of these vertices, what is inside them, and the edges at them."""
        if self._must_redraw():
            yield self.whole()
            return
        found = by_node(self._run.history.executions)
        outermost = self._views.get("")
        if outermost is None:
            return
        yield from outermost.changed(vertices, found, self._overlay(""), self._run.anchors)
        for id_ in vertices:
            yield from self._changed_inside(outermost, id_, found)

    def _begin(self, picture: Picture) -> None:
        self._views.clear()
        self._drawn = picture
        self._critical = self._critical_path(picture)
        experience = picture.experience
        self._conditions = None
        if experience is not None and any(line.label for line in picture.lines):
            self._conditions = Conditions(experience, self._run.history, self._run.values.value)

    def _must_redraw(self) -> bool:
        """Whether the graph itself is another one now, or the run has just ended and so has a critical path."""
        picture = self._run.drawn
        if picture is not None:
            return picture is not self._drawn or (self._critical is None and self._has_ended())
        seen = self._drawn
        count = len(seen.boxes) if seen is not None else -1
        return count != len(self._run.history.executions) or (self._critical is None and self._has_ended())

    def _has_ended(self) -> bool:
        return self._run.history.finished is not None

    def _overlay(self, prefix: str, plan: Mapping[str, BoxPlan] | None = None) -> Overlay:
        """What is drawn over a graph: the outermost one has the critical path and conditions."""
        if prefix:
            return Overlay(plan, redacted=self._run.redacted)
        path = self._critical.vertices if self._critical is not None else ()
        return Overlay(self._plan, frozenset(path), frozenset(pairwise(path)), self._conditions, self._run.redacted)

    def _critical_path(self, picture: Picture) -> CriticalPath | None:
        if not self._has_ended():
            return None
        links = [(source, id_) for id_, sources in picture.waits.items() for source in sources]
        links += [(line.from_, line.to) for line in picture.lines]
        links += [(line.from_, line.to) for line in picture.data]
        return critical_path([box.id for box in picture.boxes], links, durations(self._run.history.executions))

    def _frame(self, view: GraphView, found: Executions, plan: Mapping[str, BoxPlan] | None = None) -> Element:
        """A drawing, and below it what its boxes open to."""
        self._views[view.prefix] = view
        self._plans[view.prefix] = plan
        overlay = self._overlay(view.prefix, plan)
        anchors = self._run.anchors if not view.prefix else {}
        drawing = element(
            "div",
            view.svg(found, overlay, anchors),
            class_="panel graph-view",
            id=f"graph-view-{view.prefix.rstrip('-') or 'all'}",
            tabindex="0",
            role="region",
            aria_label=f"Drawing of {view.picture.name}",
        )
        return element("div", drawing, *self._inner_frames(view, found, overlay.plan), class_="graph-frame")

    def _inner_frames(
        self, view: GraphView, found: Executions, plan: Mapping[str, BoxPlan] | None
    ) -> Iterator[Element]:
        for box in view.picture.boxes:
            frame = self._inner_frame(view, box, found, plan)
            if frame is not None:
                yield frame

    def _inner_frame(
        self, view: GraphView, box: Box, found: Executions, plan: Mapping[str, BoxPlan] | None
    ) -> Element | None:
        """The graph inside a box, closed."""
        if view.prefix.count("-") >= _MOST_DEEP:
            return None
        executions = found.get(box.id, ())
        inner = view.inner(box, executions, _other_picture(box, executions))
        if inner is None:
            return None
        planned = plan.get(box.id) if plan is not None else None
        return element(
            "details",
            element(
                "summary",
                element("b", box.id),
                f" {_word(box)}, {plural(len(inner.picture.boxes), 'node')} inside",
                *(f" · {note}" for note in box.notes),
            ),
            self._frame(inner, inside(box, found), (planned.inside or None) if planned is not None else None),
            class_="graph-inner",
            id=f"graph-in-{view.number(box.id)}",
        )

    def _changed_inside(self, view: GraphView, id_: str, found: Executions) -> Iterator[Element]:
        """What is inside a box: replaced where the log shows another graph than before, else box by box."""
        box = next((box for box in view.picture.boxes if box.id == id_), None)
        if box is None:
            return
        inner = self._views.get(f"{view.number(id_)}-")
        other = _other_picture(box, found.get(id_, ()))
        if inner is None or (other is not None and other.boxes != inner.picture.boxes):
            frame = self._inner_frame(view, box, found, self._plans.get(view.prefix)) if inner is not None else None
            if frame is not None:
                yield frame
            return
        within = inside(box, found)
        ids = {each.id for each in inner.picture.boxes}
        yield from inner.changed(ids, within, self._overlay(inner.prefix, self._plans.get(inner.prefix)), {})
        for each in inner.picture.boxes:
            yield from self._changed_inside(inner, each.id, within)

    def _note(self) -> Element:
        said = [self._run.graph_note] if self._run.graph_note else []
        if self._run.drawn is None:
            said.append("experience.yaml has changed since this run: drawn from the log alone.")
        return element("div", *(element("p", text, class_="note") for text in said), id="graph-note")

    def _tools(self, picture: Picture) -> Element:
        """The switches for what is shown, and buttons that scripts make work."""
        critical = self._critical is not None and bool(self._critical.vertices)
        return element(
            "div",
            _switch("plan", "Plan", checked=True) if self._plan is not None else None,
            _switch("critical", "Critical path", checked=False) if critical else None,
            _switch("data", "Data", checked=False) if picture.data else None,
            element(
                "span",
                element("span", id="graph-found", role="status"),
                element(
                    "input",
                    type="search",
                    id="graph-find",
                    placeholder="Find in the graph",
                    aria_label="Find in the graph",
                    autocomplete="off",
                    spellcheck="false",
                ),
                class_="graph-find",
                hidden="hidden",
            ),
            element(
                "span",
                _button("in", "+", "Zoom in"),
                _button("out", "−", "Zoom out"),  # noqa: RUF001 - a minus sign
                _button("fit", "Fit", "Fit the graph into its frame"),
                class_="graph-zoom",
                hidden="hidden",
            ),
            class_="graph-tools",
            id="graph-tools",
        )

    def _critical_text(self) -> Element | None:
        path = self._critical
        if path is None or not path.vertices:
            return None
        named = list(path.vertices[:_MOST_NAMED])
        more = [f"{len(path.vertices) - _MOST_NAMED} more"] if len(path.vertices) > _MOST_NAMED else []
        took = f"{duration(path.duration_ms)} of {duration(self._run.history.ended_ms)}"
        return element("p", f"Critical path: {' → '.join(named + more)}, {took}", class_="note graph-critical")

    def _data_note(self, picture: Picture) -> Element | None:
        if len(picture.data) < MOST_DATA_LINES:
            return None
        return element("p", f"Of the data, only {MOST_DATA_LINES:,} lines are drawn.", class_="note graph-data")


def _other_picture(box: Box, executions: Sequence[Execution]) -> Picture | None:
    """The picture of what ran inside a box, where that is not what the experience nests now."""
    shown = box.inner
    if box.parts or not executions:
        return None
    ran = box_of_log(box.id, executions).inner
    if ran is None:
        return None
    known: Iterable[str] = {each.id for each in shown.boxes} if shown is not None else ()
    return None if {each.id for each in ran.boxes} <= set(known) else ran


def _word(box: Box) -> str:
    return f"({box.kind})" if box.kind else ""


def _switch(what: str, label: str, *, checked: bool) -> Element:
    box = element(
        "input", type="checkbox", id=f"graph-show-{what}", checked="checked" if checked else None, autocomplete="off"
    )
    return element("label", box, element("span", label))


def _button(does: str, text: str, label: str) -> Element:
    return element("button", text, type="button", data_graph=does, aria_label=label, title=label)
