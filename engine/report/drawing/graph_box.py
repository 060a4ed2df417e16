"""The boxes of a graph as SVG: name, status, details, the plan of a resume, and a strip of items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from engine.cache.decisions.decision import Answer
from engine.log.events.events import Counts
from engine.log.humanize import duration, plural, shortened, shortened_name
from engine.log.reading.view import NodeStatus
from engine.report.drawing.box_states import MOST_CELLS, BoxState, Cell
from engine.report.drawing.diagram import Box, inner_picture
from engine.report.drawing.item_strip import item_strip
from engine.report.drawing.markup import Element, element
from engine.report.status_signs import ANSWER_SIGNS, SIGNS

WIDTH, HEIGHT = 236.0, 50.0
STRIP = 24.0
"""What a strip adds to the height of a box."""

_LETTER, _SMALL_LETTER = 8.4, 6.5
_TEXT_LEFT = 34.0
_ROOM = WIDTH - _TEXT_LEFT - 12
_OPENER = 22.0
_MOST_NEIGHBOURS = 5
_LONGEST_REASONS = 300


class Neighbours(Struct, frozen=True):
    """The boxes before and after one, along edges."""

    before: Sequence[str] = ()
    after: Sequence[str] = ()


class BoxPlan(Struct, frozen=True):
    """What a resume would do at a box, and why; and at the boxes inside it, by their ids."""

    answer: Answer
    reasons: tuple[str, ...] = ()
    inside: Mapping[str, BoxPlan] = {}


class ShownBox(Struct, frozen=True):
    """A box and all that it shows. `number` leads to it: `3`, or `3-2` inside that; `anchor` is the id of its details.

    `plan` is what a resume would do with it, `critical` that it is on the critical path, `most_cells` how many items
    are drawn one by one, `phase` the title of its phase if it cannot be drawn in the band of that. `redacted` leaves
    errors and activities out.
    """

    box: Box
    state: BoxState
    number: str
    anchor: str | None = None
    neighbours: Neighbours = Neighbours()
    plan: BoxPlan | None = None
    critical: bool = False
    most_cells: int = MOST_CELLS
    phase: str | None = None
    redacted: bool = False


def has_strip(box: Box, *, repeated: bool) -> bool:
    """Whether a box has room for items; `repeated`: it is inside what may run several times."""
    return repeated or box.repeats is not None


def box_element(shown: ShownBox, centre: tuple[float, float], height: float) -> Element:
    """The group of a box, with its link to the details, and the button that opens what is inside."""
    box, status = shown.box, shown.state.status
    opens = inner_picture(box) is not None
    room = _ROOM - (_OPENER if opens else 0)
    strip = item_strip(_cells(shown), WIDTH - 28, STRIP - 6, shown.most_cells) if height > HEIGHT else None
    link = element(
        "a",
        element("title", "\n".join(_title(shown))),
        element("rect", width=WIDTH, height=height, rx=9, class_="card"),
        element("path", d=f"M1.5,9v{height - 18:g}", class_="stripe"),
        element("text", SIGNS[status][0], x=18, y=21, class_="sign"),
        element("text", shortened_name(box.id, int(room / _LETTER)), x=_TEXT_LEFT, y=21, class_="name"),
        element("text", _shortened(_details(shown)), x=_TEXT_LEFT, y=38, class_="detail"),
        _planned(shown.plan),
        element("g", strip, transform=f"translate(14,{HEIGHT - 3:g})") if strip is not None else None,
        href=f"#{shown.anchor}" if shown.anchor else None,
        data_node=box.id,
    )
    return element(
        "g",
        link,
        _opener(shown) if opens else None,
        id=f"graph-node-{shown.number}",
        class_=" ".join(_classes(shown)),
        role="listitem",
        transform=f"translate({centre[0] - WIDTH / 2:.0f},{centre[1] - height / 2:.0f})",
    )


def _cells(shown: ShownBox) -> Sequence[Cell]:
    return [replace(cell, why="") for cell in shown.state.cells] if shown.redacted else shown.state.cells


def _classes(shown: ShownBox) -> Iterator[str]:
    yield "box"
    yield shown.state.status.value
    if shown.critical:
        yield "critical"
    if shown.plan is not None:
        yield _PLAN_CLASSES[shown.plan.answer]


_PLAN_CLASSES = {
    Answer.RESTORED: "plan-restored",
    Answer.WILL_RUN: "plan-runs",
    Answer.IF_PREDECESSORS_SUCCEED: "plan-runs plan-open",
    Answer.DEPENDS: "plan-runs plan-open",
    Answer.SKIPPED: "plan-skipped",
}


def _planned(plan: BoxPlan | None) -> Element | None:
    """The answer of the plan with its sign, in the place of the details."""
    if plan is None:
        return None
    said = f"{ANSWER_SIGNS[plan.answer]} {_SHORT.get(plan.answer) or _answered(plan)}"
    return element("text", _shortened(said), x=_TEXT_LEFT, y=38, class_="planned")


_SHORT = {Answer.IF_PREDECESSORS_SUCCEED: "if predecessors succeed"}


def _answered(plan: BoxPlan) -> str:
    return plan.answer.value + (f": {'; '.join(plan.reasons)}" if plan.reasons else "")


def _shortened(text: str) -> str:
    return shortened(text, int(_ROOM / _SMALL_LETTER))


def _details(shown: ShownBox) -> str:
    box, state = shown.box, shown.state
    single = state.single
    said = [box.kind]
    if shown.phase is not None:
        said.append(f"phase {shown.phase}")
    if single is not None and single.counts is not None:
        said.append(_signed(single.counts))
    elif len(state.cells) > 1:
        said.append(_signed_cells(state))
    if state.status is NodeStatus.RUNNING:
        activity = single.activity if single is not None and not shown.redacted else None
        said.append(activity or ("" if state.cells else "running"))
    elif single is not None and state.duration_ms is not None:
        took = duration(state.duration_ms)
        said.append(f"saved {took}" if single.produced_by is not None else took)
    if not state.cells:
        said.append(_why(shown))
    return " · ".join(part for part in said if part)


def _why(shown: ShownBox) -> str:
    """Why it failed or did not run."""
    single = shown.state.single
    if single is None or shown.redacted:
        return ""
    return single.error.message if single.error is not None else single.reason or ""


_IN_ORDER = (
    NodeStatus.CACHED,
    NodeStatus.COMPLETED,
    NodeStatus.FAILED,
    NodeStatus.SKIPPED,
    NodeStatus.CANCELLED,
    NodeStatus.RUNNING,
    NodeStatus.PENDING,
)


def _signed(counts: Counts) -> str:
    """The outcomes of the parts, in short: `7✓ 1✗`."""
    numbers = {
        NodeStatus.CACHED: counts.cached,
        NodeStatus.COMPLETED: counts.completed,
        NodeStatus.FAILED: counts.failed,
        NodeStatus.SKIPPED: counts.skipped,
        NodeStatus.CANCELLED: counts.cancelled,
    }
    return " ".join(f"{number}{SIGNS[status][0]}" for status, number in numbers.items() if number) or "no items"


def _signed_cells(state: BoxState) -> str:
    statuses = [cell.status for cell in state.cells]
    numbers = {status: statuses.count(status) for status in _IN_ORDER}
    return " ".join(f"{number}{SIGNS[status][0]}" for status, number in numbers.items() if number)


def _title(shown: ShownBox) -> Iterator[str]:
    """What a screen reader and a tooltip say: status, details, what failed, the plan, and the neighbours."""
    box, state = shown.box, shown.state
    yield shortened(f"{box.id}: {state.status.value} · {_details(shown)}", _LONGEST_REASONS)
    if box.parts:
        yield " → ".join(part.id for part in box.parts)
    yield from box.notes
    if state.cells and (why := _why(shown)):
        yield shortened(why, _LONGEST_REASONS)
    if shown.plan is not None:
        yield shortened(f"resume: {_answered(shown.plan)}", _LONGEST_REASONS)
    if shown.critical:
        yield "on the critical path"
    for word, ids in (("after", shown.neighbours.before), ("before", shown.neighbours.after)):
        if ids:
            more = f" and {len(ids) - _MOST_NEIGHBOURS} more" if len(ids) > _MOST_NEIGHBOURS else ""
            yield f"{word} {', '.join(ids[:_MOST_NEIGHBOURS])}{more}"


def _opener(shown: ShownBox) -> Element:
    """The button that opens the graph inside a box."""
    inner = inner_picture(shown.box)
    inside = plural(len(inner.boxes), "node") if inner is not None else ""
    return element(
        "a",
        element("title", f"Open {shown.box.id}: {inside} inside"),
        element("rect", width=22, height=22, rx=6),
        element("path", d="M6,9l5,5l5,-5"),
        class_="opener",
        href=f"#graph-in-{shown.number}",
        role="button",
        aria_expanded="false",
        transform=f"translate({WIDTH - 30:g},8)",
    )
