"""LangGraph with its SQLite checkpointer: the same thread invoked again, after one node failed."""

from __future__ import annotations

import contextlib
import operator
import sqlite3
import time
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from measured import Resumed, command_line, say


class Chain(TypedDict):
    """One number that is passed on."""

    count: int


class Fan(TypedDict):
    """The items that came back."""

    found: Annotated[list[int], operator.add]


class OneItem(TypedDict):
    """What one item's node receives."""

    item: int


class World:
    """What the nodes do; the last of them fails while it is broken."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.broken = True
        self.executed = 0

    def step(self, state: Chain) -> dict[str, int]:
        assert not self.broken or state["count"] < self.n - 1
        self.executed += 1
        return {"count": state["count"] + 1}

    def each(self, state: OneItem) -> dict[str, list[int]]:
        assert not self.broken or state["item"] < self.n - 1
        self.executed += 1
        return {"found": [state["item"] + 1]}

    def chain(self) -> Any:
        """N nodes, one after the other."""
        graph = StateGraph(Chain)
        for index in range(self.n):
            graph.add_node(f"s{index}", self.step)
            graph.add_edge(f"s{index - 1}" if index else START, f"s{index}")
        graph.add_edge(f"s{self.n - 1}", END)
        return graph

    def fanout(self) -> Any:
        """One node for each of N numbers."""
        graph = StateGraph(Fan)
        graph.add_node("each", self.each, input_schema=OneItem)
        graph.add_conditional_edges(START, lambda _: [Send("each", {"item": i}) for i in range(self.n)], ["each"])
        graph.add_edge("each", END)
        return graph


def main() -> None:
    """Run until the failure, mend it, and time the second call."""
    shape, n, folder = command_line()
    world = World(n)
    connection = sqlite3.connect(Path(folder) / "langgraph.sqlite", check_same_thread=False)
    saver = SqliteSaver(connection)
    saver.setup()
    graph = (world.chain() if shape == "chain" else world.fanout()).compile(checkpointer=saver)
    config = {"configurable": {"thread_id": "1"}, "recursion_limit": n + 10, "max_concurrency": 8}
    with contextlib.suppress(AssertionError):
        graph.invoke({"count": 0} if shape == "chain" else {"found": []}, config, durability="sync")
    world.broken, world.executed = False, 0
    began = time.perf_counter()
    result = graph.invoke(None, config, durability="sync")
    seconds = time.perf_counter() - began
    assert result.get("count", n) == n
    assert len(result.get("found", range(n))) == n
    say(Resumed(seconds, world.executed))


if __name__ == "__main__":
    main()
