"""Random graphs with every kind of vertex, and failures that depend only on the execution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from engine.canonical import hash_value
from engine.experience.graph import CycleError
from engine.experience.model import (
    Edge,
    Experience,
    ExperienceSpec,
    ForEach,
    ItemErrorPolicy,
    Join,
    Kind,
    Loop,
    Merge,
    Node,
    OnError,
    Pipeline,
    Policy,
    StateField,
    ToolSpec,
)
from engine.expressions import Expression, Json, parse_expression
from engine.log.events.events import ErrorInfo, Output
from engine.scheduler.composition import Composition, compose
from engine.scheduler.tasks import Task
from tests.unit.scheduler.driving import Behaviour, Drive
from tests.unit.scheduler.story import Story, name_of

FIELDS = ("last", "list", "once")
STATE = (
    StateField("last", {}),
    StateField("list", {"type": "array"}, Merge.ARRAY_APPEND),
    StateField("once", {}, Merge.SET_ONCE),
    StateField("items", {"default": ["p", "q", "p"]}),
)
ARGS: Mapping[str, Json] = {"go": True, "items": ["r", "s"], "none": []}
LISTS = (*("$.items",) * 4, *("$args.items",) * 3, "$args.none", "$.last")
"""What fan-outs and pipelines work on: mostly a list; `last` holds a text, or nothing."""

CONDITIONS = (None, None, None, "length($.list) > 1", "$.last != 2", "$args.go == true", "defined($edges.{0})")
SKIP, RETRY, FAIL_RUN = OnError(), OnError(Policy.RETRY, attempts=3, base_ms=0), OnError(Policy.FAIL_RUN)
KEPT_GOING = (SKIP, RETRY)
DEPTH = 2
ALWAYS = 99
"""More often than anything is tried."""


@dataclass
class World:
    """A random experience, what it nests, and how often each of its nodes fails before it succeeds, or ALWAYS."""

    experience: Experience
    nested: Mapping[str, Composition] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)

    def run(self, width: int = 1, seed: int = 0, **options: Any) -> Story:
        """Run it with at most `width` tasks at once, which end in an order that `seed` gives."""
        tries: Counter[Task] = Counter()

        def behave(task: Task) -> Output | ErrorInfo:
            name = name_of(task)
            tries[task] += 1
            # Of the items of a list only some fail, the same ones each time; all of them where it always fails.
            always = self.failures.get(task.node.id) == ALWAYS
            unlucky = always or task.item is None or task.item.index % 2 == 1
            # Counted from the outermost try on: how often a sibling cut a try short must not count.
            if unlucky and tries[task] + drive.retries_around(task) <= self.failures.get(task.node.id, 0):
                return ErrorInfo("test", "broken")
            # An edit of a node changes what it makes, or does not.
            edit = task.node.source.get("cache_key") if len(name) % 3 else None
            seen = hash_value([name, edit, dict(task.reads), dict(task.edges), dict(task.args)])[:8]
            values: dict[str, Json] = {"last": seen, "list": [seen], "once": name}
            return Output({field: values[field] for field in task.node.writes}, UNSET if len(name) % 2 else seen)

        behaviours: dict[str, Behaviour] = dict.fromkeys(self.node_ids(), behave)
        drive = Drive(
            self.experience, behaviours, args=ARGS, width=width, choose=Random(seed), nested=self.nested, **options
        )
        return drive.run()

    def edited(self, ids: frozenset[str]) -> World:
        """The same world, in which the nodes `ids`, at any depth, were edited, and some that failed are mended."""
        whole = _edited(compose(self.experience, nested=self.nested), ids)
        failures = {id_: 0 if id_ in ids else times for id_, times in self.failures.items()}
        return World(whole.experience, whole.nested, failures)

    def node_ids(self) -> list[str]:
        """The ids of its nodes, at any depth."""
        whole = compose(self.experience, nested=self.nested)
        return [node.id for node in whole.all_nodes()]


def _edited(whole: Composition, ids: frozenset[str]) -> Composition:
    nodes = tuple(
        replace(node, source={**node.source, "cache_key": "edited"}) if node.id in ids else node
        for node in whole.experience.nodes
    )
    nested = {id_: _edited(inner, ids) for id_, inner in whole.nested.items()}
    return compose(replace(whole.experience, nodes=nodes), nested=nested)


@st.composite
def graphs(draw: st.DrawFn, *, policies: tuple[OnError, ...], prefix: str = "n", depth: int = 0) -> World:
    """Nodes, fan-outs, nested experiences, a pipeline and a loop, joined by edges with conditions."""
    ids = [f"{prefix}{index}" for index in range(draw(st.integers(2, 7 - 2 * depth)))]
    nested: dict[str, Composition] = {}
    failures: dict[str, int] = {}
    nodes = []
    for id_ in ids:
        spec: ToolSpec | ExperienceSpec = ToolSpec("a.py")
        if depth < DEPTH and draw(st.integers(0, 4)) == 0:
            child = draw(graphs(policies=policies, prefix=f"{id_}_", depth=depth + 1))
            nested[id_] = compose(child.experience, nested=child.nested)
            failures.update(child.failures)
            outputs = draw(st.sampled_from(({}, {"last": "$.items[0]"})))
            spec = ExperienceSpec("c.yaml", draw(st.sampled_from(("shared", "isolated"))), outputs)
        failures[id_] = draw(st.sampled_from((*(0,) * 8, 1, 2, ALWAYS)))
        nodes.append(draw(some_node(id_, spec, policies)))
    plain = Experience("random", "1.0.0", tuple(nodes), (), STATE)
    return World(draw(connected(draw(grouped(plain, prefix)))), nested, failures)


@st.composite
def some_node(draw: st.DrawFn, id_: str, spec: ToolSpec | ExperienceSpec, policies: tuple[OnError, ...]) -> Node:
    """A node with any of the keys that matter to scheduling."""
    for_each = None
    if draw(st.integers(0, 3)) == 0:
        source, policy = draw(st.sampled_from(LISTS)), draw(st.sampled_from(ItemErrorPolicy))
        for_each = ForEach(source, draw(st.integers(1, 3)), policy)
    writable = FIELDS[: draw(st.sampled_from((2, 2, 3)))]
    return Node(
        id_,
        Kind.TOOL if isinstance(spec, ToolSpec) else Kind.EXPERIENCE,
        spec,
        source=draw(st.sampled_from(({}, {"timeout_ms": 600_000}))),
        reads=tuple(draw(st.lists(st.sampled_from(FIELDS), unique=True))),
        writes=tuple(draw(st.lists(st.sampled_from(writable), unique=True))),
        args={"go": "$args.go", "items": "$.items", "none": [], "item": "$item", "iter": "$iter"},
        for_each=for_each,
        on_error=draw(st.sampled_from(policies)),
        join=draw(st.sampled_from(Join)),
    )


@st.composite
def grouped(draw: st.DrawFn, plain: Experience, prefix: str) -> Experience:
    """The experience, in which some nodes may be stages of a pipeline, and one the body of a loop."""
    ids = [node.id for node in plain.nodes]
    first = draw(st.integers(0, len(ids) - 1))
    stages = ids[first : first + draw(st.integers(0, 3))]
    left = [id_ for id_ in ids if id_ not in stages]
    pipelines: tuple[Pipeline, ...] = ()
    loops: tuple[Loop, ...] = ()
    if stages:
        pipelines = (Pipeline(f"{prefix}line", draw(st.sampled_from(LISTS)), tuple(stages)),)
    wanted = draw(st.booleans())
    if left and wanted:
        until = draw(st.sampled_from((None, "length($.list) > 3", "$iter >= 1")))
        body, most = draw(st.sampled_from(left)), draw(st.sampled_from((1, 3)))
        loops = (Loop(f"{prefix}again", body, _condition(until), until, most),)
    return replace(plain, pipelines=pipelines, loops=loops)


@st.composite
def connected(draw: st.DrawFn, plain: Experience) -> Experience:
    """The experience with edges; those that would close a circle, since nodes share a vertex, are left out."""
    ids = [node.id for node in plain.nodes]
    vertices = {stage: pipeline.id for pipeline in plain.pipelines for stage in pipeline.stages}
    vertices.update((loop.body, loop.id) for loop in plain.loops)
    connected = plain
    for position, to in enumerate(ids):
        for from_ in draw(st.lists(st.sampled_from(ids[:position]), max_size=2, unique=True)) if position else ():
            vertex = vertices.get(from_, from_)
            text = draw(st.sampled_from(CONDITIONS))
            text = text and text.format(vertex)
            edge = Edge(draw(st.sampled_from((from_, vertex))), to, _condition(text), text)
            longer = replace(connected, edges=(*connected.edges, edge))
            connected = longer if _has_an_order(longer) else connected
    return connected


def _has_an_order(candidate: Experience) -> bool:
    try:
        compose(candidate)
    except CycleError:
        return False
    return True


def _condition(text: str | None) -> Expression | None:
    return parse_expression(text).tree if text is not None else None
