"""The critical path: the chain of executions that took longest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.report.critical_path import CriticalPath, critical_path

DIAMOND = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]


def test_the_slower_side_of_a_diamond_is_critical() -> None:
    found = critical_path("abcd", DIAMOND, {"a": 1, "b": 2, "c": 5, "d": 1})

    assert found == CriticalPath(("a", "c", "d"), 7)


def test_restored_nodes_take_no_time_and_the_path_starts_where_time_was_taken() -> None:
    assert critical_path("abcd", DIAMOND, {"a": 0, "b": 2, "c": 0, "d": 1}).vertices == ("b", "d")


def test_no_chain_leads_through_a_node_that_did_not_run() -> None:
    assert critical_path("abc", [("a", "b"), ("b", "c")], {"a": 1, "c": 3}) == CriticalPath(("c",), 3)


def test_a_run_that_took_no_time_has_none() -> None:
    assert critical_path("ab", [("a", "b")], {"a": 0, "b": 0}) == CriticalPath()


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8))), st.lists(st.integers(0, 9), min_size=9, max_size=9))
def test_no_chain_is_longer(pairs: list[tuple[int, int]], times: list[int]) -> None:
    ids = "abcdefghi"
    links = [(ids[low], ids[high]) for low, high in pairs if low < high]

    found = critical_path(ids, links, dict(zip(ids, times, strict=True)))

    def longest(id_: str) -> int:
        return times[ids.index(id_)] + max((longest(from_) for from_, to in links if to == id_), default=0)

    assert found.duration_ms == max(map(longest, ids)) == sum(times[ids.index(id_)] for id_ in found.vertices)
