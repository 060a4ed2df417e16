"""Topological order and cycles of a graph with the vertices 0 … n-1, in declared order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush

Successors = Sequence[Sequence[int]]
"""The successors of each vertex; one may be listed twice."""


def topological_order(successors: Successors) -> list[int]:
    """Orders each vertex after its predecessors; of several ready vertices, the one declared first comes first.

    Vertices on or behind a cycle are left out, so the result is shorter than the graph exactly if there is a cycle.
    Rule: docs/design.md, Resume. O(n log n).
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
    """One cycle, without the first vertex repeated, for each strongly connected component of the graph.

    It is the shortest through the component's first declared vertex, and starts there. Linear time.
    """
    cycle_groups = [sorted(component) for component in _components(successors)]
    return [_shortest_cycle(group[0], frozenset(group), successors) for group in sorted(cycle_groups)]


def _count_predecessors(successors: Successors) -> list[int]:
    counts = [0] * len(successors)
    for targets in successors:
        for target in targets:
            counts[target] += 1
    return counts


def _shortest_cycle(start: int, group: frozenset[int], successors: Successors) -> list[int]:
    came_from: dict[int, int] = {}
    queue = deque([start])
    while start not in came_from:
        vertex = queue.popleft()
        for successor in successors[vertex]:
            if successor in group and successor not in came_from:
                came_from[successor] = vertex
                queue.append(successor)
    path = [start]
    while (previous := came_from[path[-1]]) != start:
        path.append(previous)
    return [start, *reversed(path[1:])]


def _components(successors: Successors) -> Iterator[list[int]]:
    """The strongly connected components that contain a cycle (Tarjan's algorithm, without recursion)."""
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
    """Pops `vertex` and everything above it from the stack."""
    position = len(stack) - 1
    while stack[position] != vertex:
        position -= 1
    component = stack[position:]
    del stack[position:]
    return component
