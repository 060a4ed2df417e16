"""Topological order and cycles on bare numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experience.graph.topological_order import shortest_cycles, topological_order

Arcs = list[tuple[int, int]]


def successors(count: int, arcs: Arcs) -> list[list[int]]:
    return [[target for source, target in arcs if source == vertex] for vertex in range(count)]


@pytest.mark.parametrize(
    ("count", "arcs", "order"),
    [
        pytest.param(0, [], [], id="nothing"),
        pytest.param(3, [], [0, 1, 2], id="without edges, as declared"),
        pytest.param(3, [(2, 0), (2, 1)], [2, 0, 1], id="a successor declared before its predecessor"),
        pytest.param(4, [(0, 3), (0, 1)], [0, 1, 2, 3], id="of all ready ones, the one declared first"),
        pytest.param(4, [(3, 0)], [1, 2, 3, 0], id="one that became ready comes before later declared ones only"),
        pytest.param(3, [(0, 1), (0, 1), (1, 2)], [0, 1, 2], id="an edge written twice"),
    ],
)
def test_the_order_is_the_declared_one_as_far_as_the_edges_allow(count: int, arcs: Arcs, order: list[int]) -> None:
    assert topological_order(successors(count, arcs)) == order


def test_what_is_on_or_behind_a_cycle_has_no_place_in_the_order() -> None:
    given_arcs = [(0, 1), (1, 2), (2, 1), (2, 3)]

    assert topological_order(successors(4, given_arcs)) == [0]


@pytest.mark.parametrize(
    ("count", "arcs", "cycles"),
    [
        pytest.param(3, [(0, 1), (1, 2)], [], id="none"),
        pytest.param(1, [(0, 0)], [[0]], id="an edge to itself"),
        pytest.param(3, [(1, 2), (2, 1)], [[1, 2]], id="two nodes"),
        pytest.param(4, [(0, 1), (1, 0), (2, 3), (3, 2)], [[0, 1], [2, 3]], id="one for each knot"),
        pytest.param(3, [(0, 1), (1, 2), (2, 0), (0, 2)], [[0, 2]], id="the shortest through the first declared"),
        pytest.param(4, [(3, 0), (0, 3), (3, 1), (1, 2)], [[0, 3]], id="without what is merely behind it"),
    ],
)
def test_a_cycle_is_reported_from_its_first_declared_vertex(count: int, arcs: Arcs, cycles: list[list[int]]) -> None:
    assert shortest_cycles(successors(count, arcs)) == cycles


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Arcs]:
    count = draw(st.integers(1, 12))
    vertex = st.integers(0, count - 1)
    return count, draw(st.lists(st.tuples(vertex, vertex), max_size=25))


@given(graphs())
def test_every_graph_has_either_a_complete_order_or_a_cycle_made_of_its_edges(
    graph: tuple[int, Arcs],
) -> None:
    count, arcs = graph

    order = topological_order(successors(count, arcs))
    cycles = shortest_cycles(successors(count, arcs))

    assert (len(order) == count) == (cycles == [])
    place = {vertex: position for position, vertex in enumerate(order)}
    assert all(place[source] < place[target] for source, target in arcs if target in place)
    for cycle in cycles:
        assert len(set(cycle)) == len(cycle)
        assert all(arc in arcs for arc in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def test_a_long_chain_and_a_long_cycle_need_no_recursion() -> None:
    count = 20_000
    chain = [[vertex + 1] for vertex in range(count - 1)]

    assert topological_order([*chain, []]) == list(range(count))
    assert shortest_cycles([*chain, [0]]) == [list(range(count))]
