"""LangGraph with its SQLite checkpointer, `durability="sync"`.

N nodes in a chain that do nothing, on one field, N with a field each, one node N times, N items sent.
"""

from __future__ import annotations

import operator
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from measured import Measured, command_line, say, size_of, sqlite_durability


class Chain(TypedDict):
    """One number that is passed on."""

    count: int


class Fan(TypedDict):
    """The items that came back."""

    found: Annotated[list[int], operator.add]


class OneItem(TypedDict):
    """What one item's node receives."""

    item: int


def nothing(_: Chain) -> dict[str, int]:
    """A step that does nothing."""
    return {}


def step(state: Chain) -> dict[str, int]:
    """A step that does as little as ours."""
    return {"count": state["count"] + 1}


def chain(n: int, act: Callable[[Chain], dict[str, int]] = step) -> Any:
    """N nodes, one after the other."""
    graph = StateGraph(Chain)
    for index in range(n):
        graph.add_node(f"s{index}", act)
        graph.add_edge(f"s{index - 1}" if index else START, f"s{index}")
    graph.add_edge(f"s{n - 1}", END)
    return graph


def fields(n: int) -> Any:
    """N nodes, one after the other; each reads the field of the one before and writes its own."""
    graph = StateGraph(TypedDict("Fields", {f"f{index}": int for index in range(n)}))  # type: ignore[operator]

    def own_step(index: int) -> Callable[[dict[str, int]], dict[str, int]]:
        return lambda state: {f"f{index}": state.get(f"f{index - 1}", 0) + 1}

    for index in range(n):
        graph.add_node(f"s{index}", own_step(index))
        graph.add_edge(f"s{index - 1}" if index else START, f"s{index}")
    graph.add_edge(f"s{n - 1}", END)
    return graph


def cycle(n: int) -> Any:
    """One node that follows itself N times: the same number of steps, in LangGraph's cheapest shape."""
    graph = StateGraph(Chain)
    graph.add_node("s", step)
    graph.add_edge(START, "s")
    graph.add_conditional_edges("s", lambda state: "s" if state["count"] < n else END)
    return graph


def fanout(n: int) -> Any:
    """One node for each of N numbers."""
    graph = StateGraph(Fan)
    graph.add_node("each", lambda state: {"found": [state["item"] + 1]}, input_schema=OneItem)
    graph.add_conditional_edges(START, lambda _: [Send("each", {"item": index}) for index in range(n)], ["each"])
    graph.add_edge("each", END)
    return graph


SHAPES: dict[str, tuple[Callable[[int], Any], dict[str, Any]]] = {
    "noop": (lambda n: chain(n, nothing), {"count": 0}),
    "chain": (chain, {"count": 0}),
    "fields": (fields, {"f0": 0}),
    "cycle": (cycle, {"count": 0}),
    "fanout": (fanout, {"found": []}),
}


def main() -> None:
    """Time one run."""
    shape, n, folder = command_line()
    build, start = SHAPES[shape]
    connection = sqlite3.connect(Path(folder) / "langgraph.sqlite", check_same_thread=False)
    saver = SqliteSaver(connection)
    saver.setup()
    graph = build(n).compile(checkpointer=saver)
    config = {"configurable": {"thread_id": "1"}, "recursion_limit": n + 10, "max_concurrency": 8}
    began = time.perf_counter()
    result = graph.invoke(start, config, durability="sync")
    seconds = time.perf_counter() - began
    assert result.get("count", n) == (0 if shape == "noop" else n)
    assert result.get(f"f{n - 1}", n) == n
    assert len(result.get("found", range(n))) == n
    journal = connection.execute("pragma journal_mode").fetchone()[0]
    synchronous = connection.execute("pragma synchronous").fetchone()[0]
    say(Measured(seconds, size_of(folder, "langgraph.sqlite*"), sqlite_durability(journal, synchronous)))


if __name__ == "__main__":
    main()
