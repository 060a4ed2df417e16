"""Topological order and cycles of a graph whose vertices are 0 … n-1, as declared. No ids, no experience."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush

Successors = Sequence[Sequence[int]]
"""For every vertex, those that come after it; a vertex may be listed twice."""


def topological_order(successors: Successors) -> list[int]:
    """Put each vertex after its predecessors; of all ready ones, the one declared first comes first.

    Vertices on a cycle, and those behind one, are left out: the result is shorter than the graph exactly when
    there is a cycle. Rule: docs/design.md, Resume. Linear, but for the heap's logarithm.
    """
    pending = _count_predecessors(successors)
    ready = [vertex for vertex, count in enumerate(pending) if count == 0]
    heapify(ready)
    order: list[int] = []
    while ready:
        vertex = heappop(ready)
        order.append(vertex)
        for successor in successors[vertex]:
            pending[successor] -= 1
            if pending[successor] == 0:
                heappush(ready, successor)
    return order


def shortest_cycles(successors: Successors) -> list[list[int]]:
    """One cycle, without a repeated last vertex, for each knot (strongly connected component) of the graph.

    It starts at the knot's first declared vertex and is the shortest through that one. Linear time.
    """
    knots = [sorted(component) for component in _components(successors)]
    return [_shortest_cycle(knot[0], frozenset(knot), successors) for knot in sorted(knots)]


def _count_predecessors(successors: Successors) -> list[int]:
    counts = [0] * len(successors)
    for targets in successors:
        for target in targets:
            counts[target] += 1
    return counts


def _shortest_cycle(start: int, knot: frozenset[int], successors: Successors) -> list[int]:
    came_from: dict[int, int] = {}
    queue = deque([start])
    while start not in came_from:
        vertex = queue.popleft()
        for successor in successors[vertex]:
            if successor in knot and successor not in came_from:
                came_from[successor] = vertex
                queue.append(successor)
    path = [start]
    while (previous := came_from[path[-1]]) != start:
        path.append(previous)
    return [start, *reversed(path[1:])]


def _components(successors: Successors) -> Iterator[list[int]]:
    """The strongly connected components that hold a cycle (Tarjan's algorithm, without recursion)."""
    found: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    for root in range(len(successors)):
        if root in found:
            continue
        walk = [(root, iter(successors[root]))]
        found[root] = lowest[root] = len(found)
        stack.append(root)
        on_stack.add(root)
        while walk:
            vertex, targets = walk[-1]
            for target in targets:
                if target not in found:
                    found[target] = lowest[target] = len(found)
                    stack.append(target)
                    on_stack.add(target)
                    walk.append((target, iter(successors[target])))
                    break
                if target in on_stack:
                    lowest[vertex] = min(lowest[vertex], found[target])
            else:
                walk.pop()
                if walk:
                    parent = walk[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[vertex])
                if lowest[vertex] == found[vertex]:
                    component = _cut(stack, vertex)
                    on_stack.difference_update(component)
                    if len(component) > 1 or vertex in successors[vertex]:
                        yield component


def _cut(stack: list[int], vertex: int) -> list[int]:
    """Take `vertex` and everything above it off the stack."""
    position = len(stack) - 1
    while stack[position] != vertex:
        position -= 1
    component = stack[position:]
    del stack[position:]
    return component
