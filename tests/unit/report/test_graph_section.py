"""The graph of a run on its page: statuses, items, what is inside, conditions, the plan; all of it as data."""

from __future__ import annotations

import re
from pathlib import Path

from engine.cache.decisions.decision import Answer
from engine.experience.analyse import analyse
from engine.experience.files.disk import DiskFiles
from engine.log.events.events import (
    Cause,
    Counts,
    EdgeEnds,
    ErrorInfo,
    Event,
    NodeActivity,
    NodeFailed,
    NodeSkipped,
    RunFinished,
    RunStatus,
    Scope,
    ScopeKind,
)
from engine.report.drawing.diagram import Box, Line, Picture, picture_of_analysis
from engine.report.drawing.graph_box import BoxPlan
from engine.report.drawing.markup import Element, fragment
from engine.report.page.graph_section import GraphSection
from engine.report.page.section import RunOnPage
from tests.support.experiences import yaml_graph
from tests.unit.report.conftest import a_log, begun, completed, item, picture, started

LINE = "[{from: a, to: b}, {from: b, to: c}]"
CHAIN = picture(
    """
    - {id: a, kind: tool, impl: ./t.py, writes: [score]}
    - {id: b, kind: tool, impl: ./t.py, reads: [score]}
    - {id: c, kind: tool, impl: ./t.py}
""",
    LINE,
    state="score: {type: number}",
)
FANOUT = picture("- {id: a, kind: tool, impl: ./t.py, for_each: {source: $args.rows}}")


def a_run(drawn: Picture | None, *events: Event, step_ms: int = 100) -> RunOnPage:
    run = RunOnPage(drawn=drawn)
    for record in a_log(*events, step_ms=step_ms):
        run.add(record)
    return run


def graph(drawn: Picture | None, *events: Event, plan: dict[str, BoxPlan] | None = None) -> Element:
    return GraphSection(a_run(drawn, *events), plan).whole()


def by_id(root: Element, id_: str) -> Element:
    return next(each for each in root.iter() if each.get("id") == id_)


def text(root: Element, id_: str) -> str:
    return "\n".join(by_id(root, id_).itertext())


def test_each_box_says_its_status_its_time_and_its_neighbours() -> None:
    drawn = graph(CHAIN, begun("a", "b", "c"), started("a"), completed("a", ms=1_200), started("b"))

    assert "a: completed · tool · 1.2 s" in text(drawn, "graph-node-1")
    assert "b: running · tool · running" in text(drawn, "graph-node-2")
    assert "after a\nbefore c" in text(drawn, "graph-node-2")
    assert by_id(drawn, "graph-node-3").get("class") == "box pending"


def test_only_what_changed_is_replaced_and_nothing_moves() -> None:
    run = a_run(CHAIN, begun("a", "b", "c"), started("a"))
    section = GraphSection(run)
    before = section.whole()
    for record in a_log(begun("a", "b", "c"), started("a"), completed("a"))[2:]:
        run.add(record)

    changed = {each.get("id"): each for each in section.changed({"a"})}

    assert set(changed) == {"graph-node-1", "graph-edge-1"}
    replaced = changed["graph-node-1"]
    assert replaced.get("class") == "box completed"
    assert replaced.get("transform") == by_id(before, "graph-node-1").get("transform")


def test_a_fan_out_is_a_strip_with_a_titled_cell_for_each_item() -> None:
    items = [
        event for index in range(50) for event in (started("a", item("a", index)), completed("a", item("a", index)))
    ]
    failed = NodeFailed(node_id="a", scope=item("a", 50), error=ErrorInfo("E", "no such row"))
    drawn = graph(FANOUT, begun("a"), started("a", items=51), *items, failed)

    assert len([each for each in drawn.iter() if each.get("class") == "completed"]) == 50
    assert "a[50]: failed: no such row" in text(drawn, "graph-node-1")
    assert "50✓ 1✗" in text(drawn, "graph-node-1")


def test_of_very_many_items_the_strip_shows_shares() -> None:
    items = [completed("a", item("a", index)) for index in range(300)]
    drawn = graph(FANOUT, begun("a"), started("a", items=301), *items, started("a", item("a", 300)))

    assert "300 of 301 completed" in text(drawn, "graph-node-1")
    assert len(fragment(by_id(drawn, "graph-node-1"))) < 2_500


def nested(depth: int) -> Picture:
    inner = Picture("innermost", (Box("leaf", "tool"),), ())
    for level in range(depth):
        inner = Picture(f"level {level}", (Box("inside", "experience", inner=inner),), ())
    return inner


def within(*ids: str) -> tuple[Scope, ...]:
    return tuple(Scope(ScopeKind.EXPERIENCE, id_) for id_ in ids)


def test_experiences_nested_thrice_open_to_their_graphs() -> None:
    scope = within("inside", "inside", "inside")
    drawn = graph(nested(3), begun("inside"), started("inside"), started("leaf", scope), completed("leaf", scope))

    assert by_id(drawn, "graph-in-1-1-1").get("open") is None
    assert "leaf: completed" in text(drawn, "graph-node-1-1-1-1")
    opener = next(each for each in by_id(drawn, "graph-node-1-1-1") if each.get("class") == "opener")
    assert opener.get("href") == "#graph-in-1-1-1"


def test_a_change_deep_inside_replaces_its_box() -> None:
    scope = within("inside", "inside", "inside")
    run = a_run(nested(3), begun("inside"), started("inside"), started("leaf", scope))
    section = GraphSection(run)
    section.whole()
    for record in a_log(begun("inside"), started("inside"), started("leaf", scope), completed("leaf", scope))[3:]:
        run.add(record)

    changed = {each.get("id"): each for each in section.changed({"inside"})}

    assert changed["graph-node-1-1-1-1"].get("class") == "box completed"


def test_the_stages_of_a_pipeline_have_a_cell_for_each_item() -> None:
    drawn = picture(
        "[{id: x, kind: tool, impl: ./t.py}, {id: y, kind: tool, impl: ./t.py}]",
        extra="  pipelines: [{id: p, items: $args.rows, stages: [x, y]}]\n",
    )
    scopes = [(Scope(ScopeKind.PIPELINE, "p", item("p", index)[0].item),) for index in range(2)]
    error = NodeFailed(node_id="y", scope=scopes[1], error=ErrorInfo("E", "bad row"))
    done = [completed("x", scopes[0]), completed("y", scopes[0]), completed("x", scopes[1]), error]
    shown = graph(drawn, begun("p"), started("p", items=2), *done)

    assert "p[0]: completed" in text(shown, "graph-node-1")
    assert "p[1]: failed: bad row" in text(shown, "graph-node-1")
    assert "y[1]: failed: bad row" in text(shown, "graph-node-1-2")


BRANCHES = picture(
    """
    - {id: a, kind: tool, impl: ./t.py, writes: [score]}
    - {id: b, kind: tool, impl: ./t.py}
    - {id: c, kind: tool, impl: ./t.py}
""",
    "[{from: a, to: b, when: $.score > 3}, {from: a, to: c, when: $.score <= 3}]",
    state="score: {type: number}",
)
TAKEN: tuple[Event, ...] = (
    begun("a", "b", "c"), started("a"), completed("a", delta={"score": 4}), started("b"), completed("b"),
    NodeSkipped(node_id="c", reason="when: …", cause=Cause(edge=EdgeEnds("a", "c"))),
)  # fmt: skip


def test_conditions_say_their_last_value_and_what_decided() -> None:
    drawn = graph(BRANCHES, *TAKEN)

    assert "✓ true: $.score = 4" in text(drawn, "graph-edge-1")
    assert "✗ false: $.score = 4" in text(drawn, "graph-edge-2")
    assert "not evaluated" in text(graph(BRANCHES, *TAKEN[:2]), "graph-edge-1")


def test_redacted_conditions_have_no_values() -> None:
    run = a_run(BRANCHES, *TAKEN)
    run.redacted = True

    said = text(GraphSection(run).whole(), "graph-edge-1")

    assert "✓ true" in said and "= 4" not in said


def test_a_redacted_graph_has_no_errors_and_no_activity() -> None:
    failed = NodeFailed(node_id="a", error=ErrorInfo("E", "secret"))
    of_item = NodeFailed(node_id="a", scope=item("a", 0), error=ErrorInfo("E", "secret"))
    active = NodeActivity(node_id="b", activity="secret")
    for drawn, events in ((CHAIN, (failed, started("b"), active)), (FANOUT, (started("a"), of_item, failed))):
        run = a_run(drawn, begun("a", "b"), *events)
        assert "secret" in fragment(GraphSection(run).whole())
        run.redacted = True

        assert "secret" not in fragment(GraphSection(run).whole())


def test_the_plan_lies_over_the_boxes_with_its_reasons() -> None:
    plan = {"a": BoxPlan(Answer.RESTORED), "b": BoxPlan(Answer.WILL_RUN, ("prompt changed",))}
    drawn = graph(CHAIN, begun("a", "b"), completed("a"), completed("b"), plan=plan)

    assert "↺ restored" in text(drawn, "graph-node-1")
    assert "▶ will run: prompt changed" in text(drawn, "graph-node-2")
    assert "resume: will run: prompt changed" in text(drawn, "graph-node-2")
    assert "▶ will run: new" in text(drawn, "graph-node-3")
    assert by_id(drawn, "graph-show-plan").get("checked")


def test_the_critical_path_is_marked_once_the_run_has_ended() -> None:
    events = (begun("a", "b", "c"), started("a"), completed("a"), started("b"), completed("b"))
    assert not [each for each in graph(CHAIN, *events).iter() if each.get("id") == "graph-show-critical"]

    drawn = graph(CHAIN, *events, RunFinished(status=RunStatus.SUCCESS, duration_ms=400, counts=Counts(completed=2)))

    assert by_id(drawn, "graph-show-critical").get("checked") is None
    assert "on the critical path" in text(drawn, "graph-node-2")
    assert "critical" in (by_id(drawn, "graph-edge-1").get("class") or "")
    assert "on the critical path" not in text(drawn, "graph-node-3")


def test_data_is_drawn_from_who_writes_to_who_reads() -> None:
    assert [(line.from_, line.to, line.fields) for line in CHAIN.data] == [("a", "b", ("score",))]
    assert "b reads score from a" in "".join(graph(CHAIN, begun("a", "b", "c")).itertext())


def test_phases_are_bands_with_their_titles() -> None:
    drawn = picture("[{id: a, kind: tool, impl: ./t.py, phase: one}, {id: b, kind: tool, impl: ./t.py, phase: two}]")
    lanes = [each for each in graph(drawn, begun("a", "b")).iter() if each.get("class") == "lane"]

    assert ["".join(lane.itertext()) for lane in lanes] == ["one", "two"]


HOSTILE = "</svg><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>\x1b"


def test_nothing_from_a_log_becomes_markup() -> None:
    failed = NodeFailed(node_id=HOSTILE, error=ErrorInfo("E", HOSTILE))
    skipped = NodeSkipped(node_id="b", reason=HOSTILE, cause=Cause(edge=EdgeEnds(HOSTILE, "b")))
    picture_of_text = Picture(
        HOSTILE, (Box(HOSTILE, HOSTILE, (HOSTILE,), HOSTILE), Box("b", "tool", phase="q")),
        (Line(HOSTILE, "b", HOSTILE),), {HOSTILE: HOSTILE, "q": "Q"},
    )  # fmt: skip
    for drawn in (None, picture_of_text):
        html = fragment(graph(drawn, begun(HOSTILE, "b"), failed, skipped))

        assert "<script" not in html and "<img" not in html and "\x1b" not in html
        assert not re.search(r'\s(on[a-z]+|style)="', html)
        assert all(re.fullmatch(r"[a-z0-9-]+", id_) for id_ in re.findall(r'\sid="([^"]*)"', html))


def test_a_thousand_nodes_cost_about_six_hundred_bytes_each() -> None:
    ids = [f"node_{number}" for number in range(1_000)]
    lines = tuple(Line(ids[number // 3], ids[number]) for number in range(3, 1_000))
    drawn = Picture("large", tuple(Box(id_, "tool") for id_ in ids), lines)
    events = [event for id_ in ids for event in (started(id_), completed(id_))]

    html = fragment(GraphSection(a_run(drawn, begun(*ids), *events, step_ms=1)).whole())

    assert len(html) / 1_000 < 750


def test_a_note_says_that_the_graph_is_that_of_an_older_text() -> None:
    run = a_run(CHAIN, begun("a", "b", "c"))
    run.graph_note = "Drawn from the last text without errors."

    assert "Drawn from the last text without errors." in text(GraphSection(run).whole(), "graph-note")


def test_a_picture_has_the_experiences_that_are_nested_in_it(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/experience.yaml").write_text(yaml_graph("[{id: x, kind: tool, impl: ./t.py}]"))
    files = DiskFiles(tmp_path)
    outer = yaml_graph("[{id: a, kind: experience, impl: ./inner, for_each: {source: $args.l}, phase: p}]")

    drawn = picture_of_analysis(analyse(outer, files=files), files)

    assert drawn is not None and drawn.phases == {"p": "p"}
    (box,) = drawn.boxes
    assert box.repeats == "item"
    assert box.inner is not None and [inner.id for inner in box.inner.boxes] == ["x"]
