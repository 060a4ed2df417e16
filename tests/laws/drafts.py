"""Drafts of experiences as people write and edit them, and what their nodes compute. Data, and files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from engine.expressions import Json

VALUES = 4
"""How many values a node can come to: so few that an edit often changes nothing for those below."""


class Sort(str, Enum):
    """LIST is a tool that reads its list from a data file."""

    TOOL = "tool"
    AGENT = "agent"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Link:
    """An edge; live where the field of `from_` is, or has, more than `above`."""

    from_: str
    above: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A node. It writes the field that has its name: a number, or a list where it is a LIST or runs `over` one.

    `tolerant`: its items may fail, though not all of them. `edition` is that of its code or prompt, `cache_key` is
    written in the YAML, `items` in the data file.
    """

    id: str
    sort: Sort
    reads: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    join_any: bool = False
    over: str | None = None
    tolerant: bool = False
    names_index: bool = False
    cache: bool = True
    edition: int = 0
    cache_key: int = 0
    items: tuple[int, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether its field is a list."""
        return self.over is not None or self.sort is Sort.LIST


@dataclass(frozen=True, slots=True)
class Draft:
    """An experience. `layout` is how its YAML is written, which means nothing."""

    steps: tuple[Step, ...]
    layout: int = 0

    def step(self, id_: str) -> Step:
        """The step with this id."""
        return next(step for step in self.steps if step.id == id_)

    def with_step(self, changed: Step) -> Draft:
        """The same, one step of it changed."""
        return replace(self, steps=tuple(changed if step.id == changed.id else step for step in self.steps))

    def write(self, folder: Path) -> None:
        """Write its files."""
        for step in self.steps:
            (folder / f"{step.id}.py").write_text(f"# edition {step.edition}\ndef run(given): ...\n")
            (folder / f"{step.id}.md").write_text(f"Edition {step.edition}.\n")
            (folder / f"{step.id}.json").write_text(json.dumps(step.items))
        document: dict[str, Any] = {
            "name": "law",
            "version": "1.0.0",
            "state": {"schema": {step.id: {"merge": "array_append"} if step.over else {} for step in self.steps}},
            "graph": {
                "nodes": [_node(step) for step in self.steps],
                "edges": [self._edge(link, step) for step in self.steps for link in step.links],
            },
        }
        flow, comment = ((None, ""), (True, "# once\n"), (False, "# and for all\n"))[self.layout]
        text = yaml.safe_dump(document, default_flow_style=flow, sort_keys=bool(self.layout))
        (folder / "experience.yaml").write_text(comment + text)

    def _edge(self, link: Link, to: Step) -> dict[str, str]:
        edge = {"from": link.from_, "to": to.id}
        if link.above is not None:
            field = f"length($.{link.from_})" if self.step(link.from_).is_list else f"$.{link.from_}"
            edge["when"] = f"{field} > {link.above}"
        return edge


def _node(step: Step) -> dict[str, Any]:
    node: dict[str, Any] = {"id": step.id, "writes": [step.id], "reads": list(step.reads)}
    if step.sort is Sort.AGENT:
        node |= {"kind": "agent", "prompt": f"{step.id}.md"}
    else:
        node |= {"kind": "tool", "impl": f"{step.id}.py"}
    if step.sort is Sort.LIST:
        node["uses"] = [f"{step.id}.json"]
    if step.join_any:
        node["join"] = "any"
    if step.over is not None:
        node["for_each"] = {"source": f"$.{step.over}", "concurrency": 3}
        if step.tolerant:
            node["for_each"]["on_item_error"] = "continue"
    if step.names_index:
        node["args"] = {"at": "$index"}
    if not step.cache:
        node["cache"] = False
    if step.cache_key:
        node["cache_key"] = str(step.cache_key)
    return node


def received(
    step: Step, reads: Mapping[str, Json], edges: Mapping[str, Json], item: Json = None, index: int | None = None
) -> str:
    """All that the result of an execution may depend on, as one text: two that are equal come to the same."""
    written = [step.id, step.sort.value, step.edition, step.cache_key]
    data = list(step.items) if step.sort is Sort.LIST else None
    at = index if step.names_index else None
    return json.dumps([written, data, dict(reads), dict(edges), item, at], sort_keys=True)


def value_of(step: Step, receives: str) -> Json:
    """What an execution of `step` comes to."""
    if step.sort is Sort.LIST:
        return list(step.items)
    return int(hashlib.sha256(receives.encode()).hexdigest(), 16) % VALUES
