"""What an execution receives: reads, resolved args, and the values of paths (docs/format.md, References)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from engine.experience.model import DatasetSpec, Node, SkillSpec
from engine.expressions import MISSING, Json, Lookup, Missing, Path, Resolved, Root, descend, parse_reference, resolve
from engine.log.events.events import Item, Scope, ScopeKind
from engine.scheduler.state.results import NotYetKnownError
from engine.scheduler.state.visible_state import VisibleState


class ItemValue(Struct, frozen=True):
    """One item of a fan-out or pipeline: its value, its index, and its key (docs/design.md, The run log).

    `equals` is how many items of its list have this value, itself included. `shown` is as much of the value as people
    may see, if that is not all of it. `keyed` is the id of the user's key that `key` was hashed with, if it was.
    """

    value: Json
    index: int
    key: str
    equals: int = 1
    shown: Json | Missing = MISSING
    keyed: str | None = None

    @property
    def visible(self) -> Json:
        """As much of the value as people may see."""
        return self.value if self.shown is MISSING else self.shown


class Inside(Struct, frozen=True):
    """The groups that an execution runs inside: their `scope` for the log, outermost first, and what paths refer to.

    `loop` is the innermost loop and its iteration, from 0. `keyed` is the id of the user's key that the key of an
    enclosing item was hashed with.
    """

    scope: tuple[Scope, ...] = ()
    item: ItemValue | None = None
    pipeline: str | None = None
    loop: tuple[str, int] | None = None
    keyed: str | None = None

    def fanout(self, node_id: str, item: ItemValue) -> Inside:
        """Inside an item of the fan-out of `node_id`, within this."""
        step = Scope(ScopeKind.FANOUT, node_id, Item(item.index, item.key))
        return replace(self, scope=(*self.scope, step), item=item, keyed=item.keyed or self.keyed)

    def staged(self, pipeline: str, item: ItemValue) -> Inside:
        """Inside an item of a pipeline."""
        step = Scope(ScopeKind.PIPELINE, pipeline, Item(item.index, item.key))
        return replace(self, scope=(*self.scope, step), item=item, pipeline=pipeline, keyed=item.keyed or self.keyed)

    def iterated(self, loop: str, iteration: int) -> Inside:
        """Inside an iteration of a loop."""
        step = Scope(ScopeKind.LOOP, loop, iteration=iteration)
        return replace(self, scope=(*self.scope, step), loop=(loop, iteration))

    def nested(self, node_id: str) -> Inside:
        """Inside the experience that the node nests, where paths do not reach what is outside."""
        return Inside((*self.scope, Scope(ScopeKind.EXPERIENCE, node_id)), keyed=self.keyed)


class Context(Struct, frozen=True):
    """What the paths of an execution, or of a group, refer to; and its turn (`order`).

    `edges` are the edge outputs that it received, by predecessor. `unknown` are the predecessors that deliver one which
    nobody knows yet (plans only). `recorded` are values of the state that an isolated run has by path only.
    """

    visible_state: VisibleState
    edges: Mapping[str, Json]
    inside: Inside
    order: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()
    recorded: Mapping[Path, Json] = {}


def reads_of(visible_state: VisibleState, node: Node) -> dict[str, Json]:
    """The declared reads that have a value. Raises NotYetKnownError (plans only)."""
    values = {field: visible_state.see(field) for field in node.reads}
    return {field: value for field, value in values.items() if value is not MISSING}


def args_of(node: Node, find: Lookup) -> Resolved:
    """The args with references resolved; those without a value are dropped and reported."""
    return resolve(dict(node.args), find)


def given_of(node: Node, find: Lookup) -> Resolved:
    """The `source` of a dataset or the `inputs` of a skill, resolved by the rules of args; empty for other kinds."""
    return resolve(dict(written_given(node)), find)


def written_given(node: Node) -> Mapping[str, Json]:
    """The unresolved values of `given_of`, as written in the YAML."""
    if isinstance(node.spec, DatasetSpec):
        return node.spec.source
    return node.spec.inputs if isinstance(node.spec, SkillSpec) else {}


def given_name(node: Node) -> str:
    """The key of `written_given` in the YAML."""
    return "source" if isinstance(node.spec, DatasetSpec) else "inputs"


def left_out(node: Node, args: Resolved, given: Resolved) -> tuple[str, ...]:
    """The warnings about keys of `args` and `given` whose references have no value."""
    missing = [("args", path) for path in args.missing] + [(given_name(node), path) for path in given.missing]
    return tuple(f"{where}: {path} has no value, so its key is left out" for where, path in missing)


def named(reference: str, find: Lookup) -> Json | Missing:
    """The value of a text that must be one reference (`for_each.source`, `items`). Raises NotYetKnownError (plans)."""
    path = parse_reference(reference)
    return MISSING if path is None else find(path)


def has_secrets(context: Context) -> bool:
    """Whether a path could refer to something that people may not see."""
    item, results = context.inside.item, context.visible_state.results
    return (item is not None and item.shown is not MISSING) or results.shown_args is not results.args


def lookup(context: Context, *, shown: bool = False) -> Lookup:
    """Looks paths up in `context`; with `shown`, as much of their values as people may see.

    Raises NotYetKnownError where the value depends on what has not run yet (plans only).
    """
    results = context.visible_state.results
    args = results.shown_args if shown else results.args

    def find(path: Path) -> Json | Missing:
        if path.root is Root.STATE:
            value = context.visible_state.see(str(path.steps[0].value))
            found = MISSING if value is MISSING else descend(value, path.steps[1:])
            return context.recorded.get(path, MISSING) if found is MISSING and context.recorded else found
        if path.root is Root.ARGS:
            return descend(dict(args), path.steps)
        if path.root is Root.EDGES:
            if path.steps and path.steps[0].value in context.unknown:
                raise NotYetKnownError((str(path.steps[0].value),))
            return descend(dict(context.edges), path.steps)
        return _of_place(path, context.inside, shown=shown)

    return find


def _of_place(path: Path, inside: Inside, *, shown: bool) -> Json | Missing:
    if inside.item is not None and path.root is Root.ITEM:
        return descend(inside.item.visible if shown else inside.item.value, path.steps)
    if inside.item is not None and path.root is Root.INDEX:
        return descend(inside.item.index, path.steps)
    if inside.pipeline is not None and path.root is Root.PIPELINE:
        return descend(inside.pipeline, path.steps)
    if inside.loop is not None and path.root in (Root.LOOP, Root.ITER):
        return descend(inside.loop[0] if path.root is Root.LOOP else inside.loop[1], path.steps)
    return MISSING
