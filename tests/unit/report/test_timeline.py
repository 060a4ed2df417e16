"""The timeline on a page: its rows stay small, never change because time goes on, and escape what they show."""

from __future__ import annotations

import pytest

from engine.log.events.events import ErrorInfo as Error
from engine.log.events.events import (
    Event,
    NodeAttempt,
    NodeStarted,
    RunStarted,
)
from engine.report.drawing.markup import Element, fragment
from engine.report.drawing.timeline_axis import tick_label, ticks
from engine.report.drawing.timeline_parts import MOST_LANES, lanes
from engine.report.executions import Execution
from engine.report.page.section import RunOnPage
from engine.report.page.timeline import TimelineSection
from tests.unit.report.conftest import begun, completed, item, picture
from tests.unit.report.test_page import Page
from tests.unit.report.test_timing import started, timed


def on_page(*events: tuple[int, Event]) -> tuple[RunOnPage, TimelineSection]:
    run = RunOnPage(alive=True)
    for record in timed(*events):
        run.add(record)
    return run, TimelineSection(run)


def more(run: RunOnPage, *events: tuple[int, Event]) -> None:
    """Go on with a run: the first of these events is not the first of its log."""
    for record in timed(*events):
        run.add(record)


def rows(section: TimelineSection, *vertices: str) -> dict[str, str]:
    """The replacements after these vertices changed, by id."""
    return {each.get("id") or "": fragment(each) for each in section.changed(set(vertices))}


def found(root: Element, class_: str) -> list[Element]:
    return [each for each in root.iter() if class_ in (each.get("class") or "").split()]


@pytest.mark.parametrize(
    ("end", "labels"),
    [
        (20, ["0", "5 ms", "10 ms", "15 ms", "20 ms"]),
        (2_400, ["0", "500 ms", "1.0 s", "1.5 s", "2.0 s"]),
        (200_000, ["0", "1:00", "2:00", "3:00"]),
        (21_600_000, ["0", "1:00:00", "2:00:00", "3:00:00", "4:00:00", "5:00:00", "6:00:00"]),
        (200_000_000, ["0", "12:00:00", "1 d 0 h", "1 d 12 h", "2 d 0 h"]),
        (300_000_000, ["0", "1 d", "2 d", "3 d"]),
        (8.64e7 * 6e6, ["0", "1000000 d", "2000000 d", "3000000 d", "4000000 d", "5000000 d", "6000000 d"]),
    ],
)
def test_ticks_are_round_and_few(end: float, labels: list[str]) -> None:
    assert [label for _, label in ticks(end)] == labels


def test_labels_are_as_exact_as_their_ticks() -> None:
    assert tick_label(18_182_005, 5) == "5:03:02.005"
    assert tick_label(61_500, 500) == "1:01.5"


def test_lanes_do_not_overlap_except_in_the_last_one() -> None:
    parts = [Execution("a", started_ms=start, ended_ms=start + 10) for start in (0, 5, 10, 15)]
    crowd = [Execution("a", started_ms=0, ended_ms=10) for _ in range(20)]

    assert [[part.started_ms for part in lane] for lane in lanes(parts)] == [[0, 10], [5, 15]]
    assert [len(lane) for lane in lanes(crowd)] == [*[1] * (MOST_LANES - 1), 20 - MOST_LANES + 1]


def test_a_row_stays_as_it_is_while_time_goes_on() -> None:
    run, section = on_page((0, begun("a", "b")), (10, started("a")), (20, started("b")))
    section.whole()
    before = found(section.whole(), "bar")

    more(run, (5_000, completed("b")))
    changed = rows(section, "b")

    assert "timeline-row-1" not in changed
    assert fragment(found(section.whole(), "bar")[0]) == fragment(before[0])
    assert 'data-end="5000"' in changed["timeline-clock"]


def test_a_node_that_may_start_now_gets_a_new_row_with_its_predecessor() -> None:
    run, section = on_page((0, begun("a", "b")), (10, started("a")))
    run.drawn = picture("[{id: a, kind: tool, impl: a.py}, {id: b, kind: tool, impl: b.py}]", "[{from: a, to: b}]")
    section.whole()
    assert "waits for a" in rows(section, "b")["timeline-row-2"]

    more(run, (500, completed("a")))

    assert "has been able to start since a ended" in rows(section, "a")["timeline-row-2"]


def test_ten_thousand_items_are_drawn_in_few_bytes() -> None:
    events: list[tuple[int, Event]] = [(0, RunStarted(nodes=("a",))), (0, NodeStarted(node_id="a", items=10_000))]
    for index in range(10_000):
        scope, at = item("a", index), index // 16 * 50
        events.append((at, started("a", scope)))
        if index % 3 == 0:
            error = Error("Timeout", "no answer " * 100)
            again = NodeAttempt(
                node_id="a", scope=scope, attempt=1, attempt_id="a", level="node", error=error, wait_ms=1
            )
            events.append((at, again))
        events.append((at + 40, completed("a", scope)))
    run, section = on_page(*sorted(events, key=lambda event: event[0]))
    whole = section.whole()
    run.touched.clear()

    assert len(fragment(whole)) < 80_000
    assert "10,000" in fragment(whole)
    assert len(rows(section, "a")["timeline-row-1"]) < 70_000


def test_what_a_log_says_is_never_markup() -> None:
    hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'"
    error = Error(hostile, hostile)
    attempt = NodeAttempt(node_id=hostile, attempt=1, attempt_id="a", level="node", error=error, wait_ms=5)
    _, section = on_page((0, begun(hostile)), (1, started(hostile)), (2, attempt), (9, completed(hostile)))

    page = Page(fragment(section.whole()))

    assert not {"script", "img"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert hostile in page.text
    assert ("id", "timeline-row-1") in page.attributes
    assert ("data-node", hostile) in page.attributes
