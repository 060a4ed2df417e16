"""A folder with an experience and tools that say what they did: the smallest real world of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from msgspec.structs import replace

from engine.cache.decisions.overrides import overrides_of
from engine.cache.plan.plan_entries import Plan
from engine.experience.load import load
from engine.expressions import Json
from engine.log.events.events import Record
from engine.log.reading.reader import read_log
from engine.log.storage.run_store import RunStore
from engine.nodes.registry import kinds
from engine.runner.prepare import Preparation, make_llm, make_plan, prepare_resume, prepare_run
from engine.runner.session import Ended, carry_out, new_run_id
from tests.support.experiences import yaml_graph
from tests.support.log_schema import schema_errors_of

HANGS = "import threading\nthreading.Event().wait()"
"""A tool's body: it waits for what never comes."""

RECORDER = """
from pathlib import Path

HERE = Path(__file__).parent

def note(text):
    with open(HERE / "executed.txt", "a") as file:
        file.write(text + "\\n")
"""


class World:
    """An experience in `folder`. Its tools call `note`; `executed` gives what they noted since the last call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = RunStore(folder)
        if not (folder / "recorder.py").exists():
            self.write("recorder.py", RECORDER)
        self._seen = 0

    def write(self, name: str, text: str) -> Path:
        """Write a file of the experience."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def graph(self, nodes: str, edges: str = "[]", state: str = "") -> None:
        """Write experience.yaml around a list of nodes, a list of edges, and state fields."""
        self.write("experience.yaml", yaml_graph(nodes, edges, state))

    def tool(self, name: str, body: str) -> None:
        """Write a Python tool, `name`.py; `body` is that of its `run(input)`, which begins by noting its name."""
        lines = "\n".join("    " + line for line in dedent(body).strip().splitlines())
        state = '    state, item = input["_state"], input.get("$item")\n'
        noted = f'    note("{name}" + (f":{{item}}" if "$item" in input else ""))\n'
        self.write(f"{name}.py", f"from recorder import note\n\ndef run(input):\n{state}{noted}{lines}\n")

    def chain(self, more: str = "", state: str = "") -> None:
        """Write a → b → c: a writes x, b reads it and writes y, c reads y and writes z. `more` are nodes beside them,
        `state` fields beside theirs.
        """
        nodes = """
            - {id: a, kind: tool, impl: a.py, writes: [x]}
            - {id: b, kind: tool, impl: b.py, reads: [x], writes: [y]}
            - {id: c, kind: tool, impl: c.py, reads: [y], writes: [z]}
            """
        fields = "x: {type: number}\ny: {type: number}\nz: {type: number}\n"
        self.graph(f"{dedent(nodes).strip()}\n{more}", "[{from: a, to: b}, {from: b, to: c}]", fields + state)
        self.tool("a", "return {'state_delta': {'x': 1}}")
        self.tool("b", "return {'state_delta': {'y': state['x'] + 1}}")
        self.tool("c", "return {'state_delta': {'z': state['y'] + 1}}")

    async def run(self, args: Mapping[str, Json] | None = None, **options: Any) -> Ended:
        """Run the experience to its end."""
        return await carry_out(prepare_run(load(self.folder), args or {}), new_run_id(), lambda _: None, **options)

    def prepared(
        self,
        run_id: str = "latest",
        overrides: Mapping[str, tuple[str, ...]] | None = None,
        args: Mapping[str, Json] | None = None,
    ) -> Preparation:
        """The resume of a run, with what else is asked for: `rerun`, `accept`, `only`, `from_`; and other args."""
        prepared = prepare_resume(load(self.folder), run_id, args=args)
        assert prepared.original is not None
        return replace(prepared, overrides=overrides_of(prepared.composition, prepared.original, **(overrides or {})))

    async def resume(
        self,
        run_id: str = "latest",
        overrides: Mapping[str, tuple[str, ...]] | None = None,
        args: Mapping[str, Json] | None = None,
        **options: Any,
    ) -> Ended:
        """Resume a run to its end."""
        return await carry_out(self.prepared(run_id, overrides, args), new_run_id(), lambda _: None, **options)

    def plan(
        self,
        run_id: str = "latest",
        overrides: Mapping[str, tuple[str, ...]] | None = None,
        args: Mapping[str, Json] | None = None,
    ) -> Plan:
        """The plan of resuming a run."""
        prepared = self.prepared(run_id, overrides, args)
        return make_plan(prepared, kinds(self.folder, llm=make_llm(prepared)))

    def executed(self) -> list[str]:
        """What the tools noted since the last call."""
        file = self.folder / "executed.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        new, self._seen = lines[self._seen :], len(lines)
        return new

    def records(self, run_id: str) -> tuple[Record, ...]:
        """The log of a run, each line of which is what the schema says."""
        for line in self.store.log(run_id).read_text(encoding="utf-8").splitlines():
            assert schema_errors_of(json.loads(line)) == [], line
        log = read_log(self.store.log(run_id))
        assert log.problems == ()
        return log.records

    def types(self, run_id: str, *, of: str | None = None) -> list[str]:
        """The types of a run's events, of one node if `of` names it."""
        return [
            record.event.type
            for record in self.records(run_id)
            if of is None or getattr(record.event, "node_id", None) == of
        ]

    def restored(self, run_id: str) -> list[str]:
        """The nodes and items that a run restored."""
        return [
            getattr(record.event, "node_id", "")
            for record in self.records(run_id)
            if record.event.type == "node.cached"
        ]
