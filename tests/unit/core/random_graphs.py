"""Random graphs of everything that a graph can hold, with failures that depend on nothing but where they happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import strategies as st

from engine.canonical import hash_value
from engine.core.composition import Composition, compose
from engine.core.tasks import Task
from engine.expressions import Expression, Json, parse_expression
from engine.graph import CycleError
from engine.log.events import ErrorInfo, Output
from engine.spec.model import (
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
from tests.unit.core.driving import Behaviour, Drive, Story, name_of

FIELDS = ("last", "list", "once")
STATE = (
    StateField("last", {}),
    StateField("list", {"type": "array"}, Merge.ARRAY_APPEND),
    StateField("once", {}, Merge.SET_ONCE),
    StateField("items", {"default": ["p", "q", "p"]}),
)
SKIP, RETRY, FAIL_RUN = OnError(), OnError(Policy.RETRY, attempts=3, base_ms=0), OnError(Policy.FAIL_RUN)
KEPT_GOING = (SKIP, RETRY)


@dataclass
class World:
    """A random experience, what it nests, and how often each of its nodes fails before it succeeds (99: always)."""

    experience: Experience
    nested: Mapping[str, Composition] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)

    def run(self, width: int = 1, seed: int = 0) -> Story:
        """Run it with at most `width` tasks at once, which end in an order that `seed` gives."""
        tries: Counter[str] = Counter()

        def behave(task: Task) -> Output | ErrorInfo:
            name = name_of(task)
            tries[name] += 1
            # Of a fan-out's or pipeline's items only some fail, the same ones each time.
            unlucky = task.item is None or task.item.index % 2 == 1
            if unlucky and tries[name] <= self.failures.get(task.node.id, 0):
                return ErrorInfo("test", "broken")
            seen = hash_value([name, dict(task.reads), dict(task.edges)])[:8]
            values: dict[str, Json] = {"last": seen, "list": [seen], "once": name}
            return Output({field: values[field] for field in task.node.writes}, seen, len(name) % 2 == 0)

        behaviours: dict[str, Behaviour] = dict.fromkeys(self._node_ids(), behave)
        return Drive(self.experience, behaviours, width=width, choose=Random(seed), nested=self.nested).run()

    def _node_ids(self) -> list[str]:
        whole = compose(self.experience, nested=self.nested)
        return [node.id for within in whole.walk() for node in within.experience.nodes]


@st.composite
def graphs(draw: st.DrawFn, *, policies: tuple[OnError, ...], prefix: str = "n", depth: int = 0) -> World:
    """A graph of nodes, fan-outs, nested experiences, a pipeline and a loop, joined by edges with conditions."""
    size = draw(st.integers(2, 7 - 2 * depth))
    ids = [f"{prefix}{index}" for index in range(size)]
    nested: dict[str, Composition] = {}
    failures: dict[str, int] = {}
    nodes = []
    for id_ in ids:
        spec: ToolSpec | ExperienceSpec = ToolSpec("a.py")
        if depth < 2 and draw(st.integers(0, 4)) == 0:
            child = draw(graphs(policies=policies, prefix=f"{id_}_", depth=depth + 1))
            nested[id_] = compose(child.experience, nested=child.nested)
            failures.update(child.failures)
            spec = ExperienceSpec("c.yaml", draw(st.sampled_from(("shared", "isolated"))))
        failures[id_] = draw(st.sampled_from((0, 0, 0, 0, 1, 99)))
        nodes.append(draw(some_node(id_, spec, policies)))
    edges = []
    for position, to in enumerate(ids):
        for from_ in draw(st.lists(st.sampled_from(ids[:position]), max_size=2, unique=True)) if position else ():
            text = draw(st.sampled_from((None, None, "length($.list) > 1", "$.last != 2")))
            edges.append(Edge(from_, to, _condition(text), text))
    plain = Experience("random", "1.0.0", tuple(nodes), tuple(edges), STATE)
    return World(draw(with_groups(plain, prefix)), nested, failures)


@st.composite
def some_node(draw: st.DrawFn, id_: str, spec: ToolSpec | ExperienceSpec, policies: tuple[OnError, ...]) -> Node:
    """A node with any of the keys that matter to scheduling."""
    for_each = None
    if draw(st.integers(0, 3)) == 0:
        for_each = ForEach("$.items", draw(st.integers(1, 3)), draw(st.sampled_from(ItemErrorPolicy)))
    writable = FIELDS[: draw(st.sampled_from((2, 2, 3)))]
    return Node(
        id_,
        Kind.TOOL if isinstance(spec, ToolSpec) else Kind.EXPERIENCE,
        spec,
        source={},
        reads=tuple(draw(st.lists(st.sampled_from(FIELDS), unique=True))),
        writes=tuple(draw(st.lists(st.sampled_from(writable), unique=True))),
        for_each=for_each,
        on_error=draw(st.sampled_from(policies)),
        join=draw(st.sampled_from(Join)),
    )


@st.composite
def with_groups(draw: st.DrawFn, plain: Experience, prefix: str) -> Experience:
    """The experience, in which some nodes are stages of a pipeline or the body of a loop."""
    ids = [node.id for node in plain.nodes]
    pipelines, loops = (), ()
    if len(ids) > 3 and draw(st.booleans()):
        pipelines = (Pipeline(f"{prefix}line", "$.items", (ids[-2], ids[-1])),)
    if draw(st.booleans()):
        until = "length($.list) > 3"
        loops = (Loop(f"{prefix}again", ids[0], _condition(until), until, draw(st.sampled_from((1, 3)))),)
    candidate = replace(plain, pipelines=pipelines, loops=loops)
    return candidate if _has_an_order(candidate) else plain


def _has_an_order(candidate: Experience) -> bool:
    """Bringing nodes together in one vertex may have closed a circle."""
    try:
        compose(candidate)
    except CycleError:
        return False
    return True


def _condition(text: str | None) -> Expression | None:
    return parse_expression(text).tree if text is not None else None
