"""Two runs on one page: what differs in how they ended, what they started from, and what each node did."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.log.humanize import duration, plural
from engine.report.comparison.compare import Difference, Side
from engine.report.comparison.runs import ComparedRun, Comparison, totals, totals_that_differ
from engine.report.comparison.text import reasons_text, summary_text
from engine.report.drawing.markup import Element, element
from engine.report.page.compared_values import changed_value
from engine.report.page.document import file_document
from engine.report.page.live_page import PAGE_ID
from engine.report.status_signs import SIGNS

_TOOLS = (("next", "Next (n)"), ("previous", "Previous (p)"), ("open", "Open all"), ("close", "Close all"))
_MOST_SHOWN = 300
_MOST_SAME = 500
_MOST_CHARACTERS = 1_000_000


class _Room(Struct):
    """How many more characters of values the page may show."""

    characters: int


def compare_page(comparison: Comparison) -> str:
    """The page as one HTML file."""
    return file_document(compare_title(comparison), compare_main(comparison))


def compare_title(comparison: Comparison) -> str:
    """The title of the page."""
    left, right = comparison.left.summary, comparison.right.summary
    return f"{right.experience} · {left.short_id} and {right.short_id}"


def compare_main(comparison: Comparison) -> Element:
    """The page as the element with the id PAGE_ID, for a document that is served."""
    return element(
        "main",
        element("h1", f"Two runs of {comparison.right.summary.experience}"),
        _runs(comparison),
        _start(comparison),
        _executions(comparison),
        element("footer", "Items are matched by value; what was restored counts as completed."),
        id=PAGE_ID,
        class_="compare",
    )


def _runs(comparison: Comparison) -> Element:
    """The figures of both runs side by side; those that differ have a sign."""
    left, right = totals(comparison.left), totals(comparison.right)
    differ = {name for name, _, _ in totals_that_differ(comparison)}
    rows = [
        element(
            "tr",
            element("th", *_sign(differs=name in differ), name, scope="row"),
            element("td", left[name] or "none"),
            element("td", right[name] or "none"),
            class_="differs" if name in differ else None,
        )
        for name in left
        if left[name] or right[name]
    ]
    head = element("tr", element("td"), _run_head("Left", comparison.left), _run_head("Right", comparison.right))
    table = element("table", element("thead", head), element("tbody", *rows), class_="compared")
    scrolled = {"tabindex": "0", "role": "region", "aria_label": "Both runs"}  # by keys, where the window is narrow
    return element("div", table, class_="panel", id="compare-runs", **scrolled)


def _run_head(side: str, run: ComparedRun) -> Element:
    state = element("span", run.summary.state.value, class_=f"badge {run.summary.state.value}")
    return element("th", f"{side}: ", element("code", run.summary.short_id), " ", state, scope="col")


def _sign(*, differs: bool) -> Iterator[Element]:
    if differs:
        yield element("span", "≠ ", class_="sign", role="img", aria_label="differs:")


def _start(comparison: Comparison) -> Element:
    """What the runs started from, as far as it differs."""
    if not comparison.start and not comparison.files:
        note = "Both started from the same args, state, settings and files."
        said: list[Element] = [element("p", note, class_="note")]
    else:
        said = [changed_value(each) for each in comparison.start]
        files = [f"{path} ({how.value})" for path, how in comparison.files.items()]
        said += [element("p", "Files: ", " · ".join(files), class_="note")] if files else []
    return element("section", element("h2", "What they started from"), *said, id="compare-start")


def _executions(comparison: Comparison) -> Element:
    shown, total = comparison.shown, len(comparison.executions)
    same = [each for each in comparison.executions if each.is_same]
    longest = max((side.duration_ms or 0.0 for each in shown for side in (each.left, each.right)), default=0.0)
    room = _Room(_MOST_CHARACTERS)
    said: list[Element] = [_execution(each, longest, room) for each in shown[:_MOST_SHOWN]]
    if len(shown) > _MOST_SHOWN:
        more = f"{len(shown) - _MOST_SHOWN:,} more differ; `oe diff` lists them all."
        said.append(element("p", more, class_="note"))
    if not shown:
        said.append(element("p", "Every execution has the same status, inputs and outputs.", class_="note"))
    counted = f"{len(same):,} of {plural(total, 'execution')} have the same status, inputs and outputs"
    return element("section", element("h2", "Nodes"), _tools(), *said, _same(counted, same), id="compare-nodes")


def _tools() -> Element:
    """The buttons, which the script shows: without it they would do nothing."""
    buttons = (element("button", label, type="button", data_does=does) for does, label in _TOOLS)
    return element("div", *buttons, id="compare-tools", class_="compare-tools", hidden="hidden")


def _execution(each: Difference, longest: float, room: _Room) -> Element:
    """The details of one execution; open if what it put out differs, or it ended in another way."""
    signed = "≠" if not each.is_same else "="
    is_open = bool(each.output_differences) or each.left.status is not each.right.status
    return element(
        "details",
        element(
            "summary",
            element("span", signed, class_="sign", role="img", aria_label="differs" if signed == "≠" else "the same"),
            element("b", each.address or each.label),
            element("span", summary_text(each), class_="story"),
            _bars(each, longest),
        ),
        element("div", *_inside(each, room), class_="inside"),
        class_=f"compared-node {_status(each.right) or _status(each.left)}",
        data_node=each.vertex,
        data_address=each.address,
        open="open" if is_open and not each.depth else None,
    )


def _bars(each: Difference, longest: float) -> Element:
    """How long it took in the left run (above) and in the right one."""
    bars = [
        element(
            "rect",
            x=0,
            y=top,
            width=max(0.5, 100 * (side.duration_ms or 0.0) / longest) if longest else 0.5,
            height=5,
            class_=f"bar {_status(side)}",
        )
        for side, top in ((each.left, 1), (each.right, 8))
        if side.duration_ms is not None
    ]
    times = [duration(side.duration_ms) if side.duration_ms is not None else "none" for side in (each.left, each.right)]
    label = f"{times[0]} in the left run, {times[1]} in the right one"
    tip = element("title", label)
    return element(
        "svg", tip, *bars, viewBox="0 0 100 14", preserveAspectRatio="none", class_="pair", role="img", aria_label=label
    )


def _inside(each: Difference, room: _Room) -> Iterator[Element]:
    sides = (("left", each.left), ("right", each.right))
    rows = [
        element("tr", element("th", name, scope="row"), *(element("td", text or "none") for text in texts))
        for name, *texts in (
            ("status", *(_status_text(side) for _, side in sides)),
            ("took", *(duration(side.duration_ms) if side.duration_ms is not None else "" for _, side in sides)),
            ("cost", *(_cost(side) for _, side in sides)),
            ("tokens", *(f"{side.tokens:,}" if side.tokens else "" for _, side in sides)),
            ("attempts", *(str(side.attempts) if side.attempts > 1 else "" for _, side in sides)),
            ("why", *(reasons_text(side) if side.reasons else "" for _, side in sides)),
            ("error", *(side.error or "" for _, side in sides)),
        )
        if any(texts)
    ]
    head = element("tr", element("td"), element("th", "left", scope="col"), element("th", "right", scope="col"))
    yield element("table", element("thead", head), element("tbody", *rows), class_="compared")
    for value in (*each.input_differences, *each.output_differences):
        if room.characters <= 0:
            yield element("p", f"{value.what} {value.name} differs: `oe diff` shows how.", class_="note")
            continue
        figure = changed_value(value)
        room.characters -= sum(map(len, figure.itertext()))
        yield figure


def _same(counted: str, same: list[Difference]) -> Element | None:
    if not same:
        return None
    rows = [
        element(
            "tr",
            element("th", each.address or each.label, scope="row"),
            element("td", summary_text(each)),
        )
        for each in same[:_MOST_SAME]
    ]
    more = element("p", f"{len(same) - _MOST_SAME:,} more", class_="note") if len(same) > _MOST_SAME else None
    inside = element("div", element("table", element("tbody", *rows), class_="compared same"), more, class_="inside")
    return element("details", element("summary", counted), inside, class_="same-nodes", id="compare-same")


def _status(side: Side) -> str:
    return side.status.value if side.status is not None else "pending"


def _status_text(side: Side) -> str:
    return f"{SIGNS[side.status][0]} {side.status.value}" if side.status is not None else "absent"


def _cost(side: Side) -> str:
    return f"${side.cost_usd:.4f}" if side.cost_usd else ""
