"""Marks everything here as long, and builds the world that the long tests run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.worlds import World

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.long)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A branch, a join, a fan-out and a JavaScript tool; every execution is noted."""
    world = World(tmp_path)
    world.graph(
        """
        - {id: list, kind: tool, impl: list.py, writes: [items]}
        - {id: each, kind: tool, impl: each.py, for_each: {source: $.items, concurrency: 2}, writes: [found]}
        - {id: left, kind: tool, impl: left.py, reads: [found], writes: [x]}
        - {id: right, kind: tool, impl: right.mjs, reads: [found], writes: [y]}
        - {id: never, kind: tool, impl: left.py}
        - {id: join, kind: tool, impl: join.py, join: any, reads: [x, y], writes: [z]}
        """,
        """
        - {from: list, to: each}
        - {from: each, to: left}
        - {from: each, to: right}
        - {from: left, to: never, when: $.x > 1000}
        - {from: left, to: join}
        - {from: right, to: join}
        - {from: never, to: join}
        """,
        "items: {type: array}\nfound: {type: array, merge: array_append}\n"
        "x: {type: number}\ny: {type: number}\nz: {type: array}",
    )
    world.tool("list", "return {'state_delta': {'items': ['a', 'b', 'a', 'c']}}")
    world.tool(
        "each", "import time\ntime.sleep(0.02)\nreturn {'state_delta': {'found': [item * 2]}, 'edge_output': item}"
    )
    world.tool("left", "return {'state_delta': {'x': len(state['found'])}}")
    world.tool("join", "return {'state_delta': {'z': [state['x'], state['y']]}}")
    world.write(
        "right.mjs",
        """
        import {appendFileSync} from 'node:fs';
        export default ({_state}) => {
          appendFileSync(new URL('executed.txt', import.meta.url), 'right\\n');
          return {state_delta: {y: _state.found.join('').length}};
        };
        """,
    )
    return world
