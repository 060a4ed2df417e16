"""The row above a timeline: how many nodes ran at once, and how many may."""

from __future__ import annotations

from engine.log.humanize import plural
from engine.report.drawing.markup import Element, element
from engine.report.drawing.timeline_bars import ENDLESS, time_svg, written
from engine.report.timing.waits import Loads

_HEIGHT = 34.0
_MARGIN = 3.0
_MOST_STEPS = 240


def load_row(loads: Loads, now: float) -> Element:
    """A row with the id `timeline-load`: a curve up to `now`, and a line at the concurrency limit if it was neared."""
    peak, limit = loads.total.peak, loads.limits.total if loads.limits is not None else None
    top = max(peak, 1, limit if limit is not None and limit <= 2 * peak else 0)
    bottom = _HEIGHT - _MARGIN
    scale = (bottom - _MARGIN) / top
    path = [f"M0 {bottom:.0f}"]
    for at, count in loads.total.highest(_MOST_STEPS, now):
        path.append(f"H{written(at)}V{bottom - count * scale:.1f}")
    path.append(f"H{written(ENDLESS)}V{bottom:.0f}z")
    drawn = [element("path", element("title", _text(peak, limit)), d="".join(path), class_="area")]
    if limit is not None and limit <= top:
        drawn.append(element("path", d=f"M0 {bottom - limit * scale:.1f}H{written(ENDLESS)}", class_="limit"))
    of_limit = f" of {limit}" if limit is not None else ""
    return element(
        "div",
        element("span", "Running at once", class_="timeline-name"),
        time_svg(now, _HEIGHT, drawn),
        element("span", f"max. {peak}{of_limit}", title=_text(peak, limit), class_="timeline-took"),
        id="timeline-load",
        class_="timeline-load",
    )


def _text(peak: int, limit: int | None) -> str:
    allowed = f"; the limit is {limit}" if limit is not None else ""
    return f"at most {plural(peak, 'node')} ran at once{allowed}"
