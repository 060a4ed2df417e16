"""Where boxes go: laws that hold for every graph."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.report.drawing.layout import Layout, Size, layout

SIZE = Size(width=100, height=40, gap=20, layer_gap=30)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str]]]:
    count = draw(st.integers(1, 14))
    pairs = [(low, high) for high in range(count) for low in range(high)]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=30)) if pairs else []
    return [f"n{number}" for number in range(count)], [(f"n{low}", f"n{high}") for low, high in chosen]


def drawn(graph: tuple[list[str], list[tuple[str, str]]]) -> Layout:
    return layout(graph[0], graph[1], SIZE)


@given(graphs())
def test_boxes_never_overlap(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    by_layer = defaultdict(list)
    for x, y in drawn(graph).boxes.values():
        by_layer[y].append(x)

    for xs in by_layer.values():
        xs.sort()
        assert all(right - left >= SIZE.width + SIZE.gap - 1e-6 for left, right in pairwise(xs))


@given(graphs())
def test_every_edge_goes_down_from_its_source_to_its_target(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    plan = drawn(graph)

    for (from_, to), points in plan.lines.items():
        assert points[0] == (plan.boxes[from_][0], plan.boxes[from_][1] + SIZE.height / 2)
        assert points[-1] == (plan.boxes[to][0], plan.boxes[to][1] - SIZE.height / 2)
        heights = [y for _, y in points]
        assert heights == sorted(heights)
        assert heights[0] < heights[-1]


@given(graphs())
def test_everything_lies_inside_the_drawing(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    plan = drawn(graph)

    for x, y in plan.boxes.values():
        assert SIZE.width / 2 - 1e-6 <= x <= plan.width - SIZE.width / 2 + 1e-6
        assert SIZE.height / 2 - 1e-6 <= y <= plan.height - SIZE.height / 2 + 1e-6


@given(graphs(), st.data())
def test_a_new_leaf_moves_no_other_box_to_another_layer_or_past_a_neighbour(
    graph: tuple[list[str], list[tuple[str, str]]], data: st.DataObject
) -> None:
    order, edges = graph
    parent = data.draw(st.sampled_from(order))
    place = data.draw(st.integers(order.index(parent) + 1, len(order)))
    before = layout(order, edges, SIZE).boxes

    after = layout([*order[:place], "leaf", *order[place:]], [*edges, (parent, "leaf")], SIZE).boxes

    for one, other in combinations(order, 2):
        assert before[one][1] == after[one][1]
        if before[one][1] == before[other][1]:
            assert (before[one][0] < before[other][0]) == (after[one][0] < after[other][0])


@given(graphs(), st.data())
def test_bands_lie_one_below_the_other_and_hold_their_boxes(
    graph: tuple[list[str], list[tuple[str, str]]], data: st.DataObject
) -> None:
    order, edges = graph
    ranks = {id_: data.draw(st.integers(0, 3)) for id_ in order if data.draw(st.booleans())}

    plan = layout(order, edges, SIZE, None, ranks)

    assert all(upper.bottom < lower.top and upper.rank < lower.rank for upper, lower in pairwise(plan.lanes))
    for id_, (_, y) in plan.boxes.items():
        lane = next(lane for lane in plan.lanes if lane.top <= y <= lane.bottom)
        before = [ranks[each] for each in ancestors(id_, edges) if each in ranks]
        if id_ in ranks:
            assert lane.rank == max([ranks[id_], *before])


def test_boxes_without_a_band_are_in_one_only_between_its_boxes() -> None:
    order = ["first", "a", "middle", "b", "after"]

    plan = layout(order, list(pairwise(order)), SIZE, None, {"a": 0, "b": 0})

    (above, band, below) = plan.lanes
    assert (above.rank, band.rank, below.rank) == (-0.5, 0, 0.5)
    assert band.top < plan.boxes["middle"][1] < band.bottom


def ancestors(id_: str, edges: list[tuple[str, str]]) -> set[str]:
    found = {from_ for from_, to in edges if to == id_}
    return found.union(*(ancestors(each, edges) for each in found))


def test_boxes_side_by_side_keep_the_order_of_the_document() -> None:
    plan = layout(["a", "d", "c", "b"], [("a", "d"), ("a", "c"), ("a", "b")], SIZE)

    assert plan.boxes["d"][0] < plan.boxes["c"][0] < plan.boxes["b"][0]


def test_a_layer_is_as_high_as_its_highest_box_and_further_down_below_labels() -> None:
    low = layout(["a", "b"], [("a", "b")], SIZE)
    size = replace(SIZE, label_gap=15)
    high = layout(["a", "b"], [("a", "b")], size, {"a": 60.0}, None, {("a", "b")})

    assert high.boxes["b"][1] - low.boxes["b"][1] == 20 + 15


def test_a_chain_is_a_straight_line() -> None:
    plan = layout(["a", "b", "c"], [("a", "b"), ("b", "c")], SIZE)

    assert {round(x, 3) for x, _ in plan.boxes.values()} == {50.0}


def test_a_diamond_has_no_crossing_and_its_ends_in_the_middle() -> None:
    plan = layout(["a", "b", "c", "d"], [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")], SIZE)

    middle = (plan.boxes["b"][0] + plan.boxes["c"][0]) / 2
    assert abs(plan.boxes["a"][0] - middle) < 1
    assert abs(plan.boxes["d"][0] - middle) < 1


def test_a_wide_graph_is_laid_out_in_little_time() -> None:
    ids = [f"n{number}" for number in range(1_000)]
    edges = [(ids[number // 3], ids[number]) for number in range(3, 1_000)]

    assert len(layout(ids, edges, SIZE).boxes) == 1_000
