"""What waits for what, by edge and by data."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experience.graph import CycleError, ReadBy, VertexKind, build_graph
from engine.experience.model import (
    Edge,
    Experience,
    ForEach,
    Kind,
    Loop,
    Merge,
    Node,
    Pipeline,
    StateField,
    ToolSpec,
)
from engine.expressions import Expression, Json, parse_expression


def node(
    id_: str,
    *,
    reads: str = "",
    writes: str = "",
    args: dict[str, Json] | None = None,
    source: str | None = None,
) -> Node:
    return Node(
        id=id_,
        kind=Kind.TOOL,
        spec=ToolSpec("./t.py"),
        source={},
        reads=tuple(reads.split()),
        writes=tuple(writes.split()),
        args=args or {},
        for_each=ForEach(source) if source else None,
    )


def condition(text: str) -> Expression:
    tree = parse_expression(text).tree
    assert tree is not None
    return tree


def experience(
    *nodes: Node,
    edges: str = "",
    when: dict[str, str] | None = None,
    set_once: str = "",
    pipelines: tuple[Pipeline, ...] = (),
    loops: tuple[Loop, ...] = (),
) -> Experience:
    """Edges are written `a>b c>d`; `when` maps such an edge to its condition."""
    conditions = when or {}
    return Experience(
        name="x",
        version="1.0.0",
        nodes=nodes,
        edges=tuple(
            Edge(*edge.split(">"), when=condition(conditions[edge]) if edge in conditions else None)
            for edge in edges.split()
        ),
        fields=tuple(StateField(name, {}, Merge.SET_ONCE) for name in set_once.split()),
        pipelines=pipelines,
        loops=loops,
    )


def test_edges_make_the_order_and_the_waits() -> None:
    graph = build_graph(experience(node("c"), node("a"), node("b"), edges="a>b b>c"))

    assert graph.order == ("a", "b", "c")
    assert graph.waits["c"] == ("b",)
    assert set(graph.ancestors("c")) == {"a", "b"}
    assert [edge.to for edge in graph.outgoing["a"]] == ["b"]
    assert [edge.from_ for edge in graph.incoming["c"]] == ["b"]


@pytest.mark.parametrize(
    ("reader", "edges", "when", "by"),
    [
        pytest.param(node("r", reads="rows"), "", {}, ReadBy.READS, id="reads"),
        pytest.param(
            node("r", args={"deep": [{"limit": "$.rows.length"}]}),
            "",
            {},
            ReadBy.ARGS,
            id="a reference in args",
        ),
        pytest.param(node("r", source="$.rows"), "", {}, ReadBy.FOR_EACH, id="for_each.source"),
        pytest.param(node("r"), "other>r", {"other>r": "length($.rows) > 2"}, ReadBy.WHEN, id="a when on its edge"),
    ],
)
def test_a_reader_waits_for_earlier_writers(reader: Node, edges: str, when: dict[str, str], by: ReadBy) -> None:
    graph = build_graph(experience(node("w", writes="rows"), node("other"), reader, edges=edges, when=when))

    assert "w" in graph.waits["r"]
    assert "w" in graph.ancestors("r")
    assert "w" not in graph.edge_ancestors("r")
    assert [(read.field, read.by) for read in graph.reads_of("r")] == [("rows", by)]


def test_a_reader_does_not_wait_for_writers_that_come_later_or_for_itself() -> None:
    graph = build_graph(experience(node("r", reads="rows", writes="rows"), node("w", writes="rows")))

    assert graph.waits["r"] == ()
    assert graph.writers("rows") == ("r", "w")


def test_a_wait_by_data_brings_everything_behind_it() -> None:
    nodes = (node("source"), node("w", writes="rows"), node("r", reads="rows"))

    graph = build_graph(experience(*nodes, edges="source>w"))

    assert list(graph.ancestors("r")) == ["source", "w"]
    assert graph.waits["r"] == ("w",)
    assert len(graph.edge_ancestors("r")) == 0


def test_writers_of_a_set_once_field_wait_for_one_another_in_order() -> None:
    nodes = (node("a", writes="title"), node("b", writes="title"), node("c", writes="title"))

    graph = build_graph(experience(*nodes, set_once="title"))

    assert graph.waits["c"] == ("b",)


def test_a_wait_that_another_wait_implies_is_left_out() -> None:
    nodes = (node("a", writes="x"), node("b", reads="x", writes="x"), node("c", reads="x"))

    assert build_graph(experience(*nodes)).waits["c"] == ("b",)


def test_writers_of_other_fields_do_not_wait_for_one_another() -> None:
    graph = build_graph(experience(node("a", writes="log"), node("b", writes="log")))

    assert graph.waits["b"] == ()


def test_an_edge_that_names_a_stage_means_its_pipeline() -> None:
    pipeline = Pipeline("per_file", "$.files", ("parse", "review"))
    nodes = (
        node("parse"),
        node("review", writes="notes"),
        node("list", writes="files"),
        node("sum", reads="notes"),
    )

    graph = build_graph(experience(*nodes, edges="parse>review review>sum", pipelines=(pipeline,)))

    assert graph.order == ("list", "per_file", "sum")
    assert graph.vertices["per_file"].kind is VertexKind.PIPELINE
    assert graph.vertices["per_file"].node_ids == ("parse", "review")
    assert [(edge.from_, edge.to) for edge in graph.incoming["sum"]] == [("per_file", "sum")]
    assert graph.waits["per_file"] == ("list",)
    assert graph.writers("notes") == ("per_file",)


def test_a_loop_without_edges_comes_last_and_waits_for_what_its_condition_reads() -> None:
    loop = Loop("improve", "revise", until=condition("$.score >= 9"))

    graph = build_graph(experience(node("revise"), node("rate", writes="score"), node("z"), loops=(loop,)))

    assert graph.order == ("rate", "z", "improve")
    assert graph.waits["improve"] == ("rate",)


def test_a_cycle_is_refused_with_its_path() -> None:
    with pytest.raises(CycleError, match="a → b → a") as caught:
        build_graph(experience(node("a"), node("b"), edges="a>b b>a"))

    assert caught.value.path == ("a", "b", "a")


def test_edges_to_unknown_ids_and_repeated_ids_are_left_out() -> None:
    graph = build_graph(experience(node("a"), node("a"), node("b"), edges="a>b a>nowhere nowhere>b"))

    assert graph.order == ("a", "b")
    assert [edge.from_ for edge in graph.incoming["b"]] == ["a"]


FIELDS = ("p", "q", "s")


@st.composite
def experiences(draw: st.DrawFn) -> Experience:
    ids = [f"n{position}" for position in range(draw(st.integers(1, 9)))]
    fields = st.lists(st.sampled_from(FIELDS), unique=True, max_size=2).map(" ".join)
    nodes = [node(id_, reads=draw(fields), writes=draw(fields)) for id_ in ids]
    arcs = [(a, b) for b in range(len(ids)) for a in range(b) if draw(st.integers(0, 3)) == 0]
    declared = draw(st.permutations(nodes))
    return experience(*declared, edges=" ".join(f"{ids[a]}>{ids[b]}" for a, b in arcs), set_once="s")


@given(experiences())
def test_ancestors_are_exactly_the_closure_of_the_waits(given_experience: Experience) -> None:
    graph = build_graph(given_experience)

    for id_ in graph.order:
        direct = graph.waits[id_]
        closure = set(direct).union(*(graph.ancestors(other) for other in direct))
        assert set(graph.ancestors(id_)) == closure
        assert len(graph.ancestors(id_)) == len(closure)
        assert all(graph.position(other) < graph.position(id_) for other in closure)


@given(experiences())
def test_every_reader_has_all_earlier_writers_among_its_ancestors(given_experience: Experience) -> None:
    graph = build_graph(given_experience)

    for id_ in graph.order:
        for read in graph.reads_of(id_):
            earlier = [writer for writer in graph.writers(read.field) if graph.position(writer) < graph.position(id_)]
            assert set(earlier) <= graph.ancestors(id_)
    for first, second in pairwise(graph.writers("s")):
        assert first in graph.ancestors(second)
