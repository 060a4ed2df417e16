"""Decides for one execution before the run, when some input parts are not known yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from msgspec import Struct

from engine.cache.decisions.decision import Decision, decide
from engine.cache.decisions.execution_path import path_of
from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.cache.decisions.reuse_policy import ReusePolicy, reuse_policy
from engine.cache.keys.input_hash import Parts, input_key
from engine.cache.keys.input_parts import InputHashers, NodeParts, execution_parts, received_parts, same_given
from engine.experience.model import Node
from engine.expressions import MISSING, Json, Lookup, resolve
from engine.log.secrets.masking import MASK
from engine.scheduler.activity import shown_given_of
from engine.scheduler.state.inputs import Context, given_name, has_secrets, lookup, written_given
from engine.scheduler.state.results import NotYetKnownError
from engine.scheduler.state.writes import unfit


class _Shared(Struct, frozen=True):
    """Parts made for the last execution; the next item of the same list has them in common."""

    node: Node
    context: Context
    unknown: Mapping[str, str]
    received: Parts
    given: Mapping[str, Json]
    of_node: NodeParts | None = None

    def serves(self, node: Node, context: Context) -> bool:
        """Whether an execution receives the same."""
        return (
            self.node is node
            and self.context.visible_state is context.visible_state
            and self.context.edges is context.edges
        )


class PartialDecider:
    """Decides with what is known; the edge outputs of `context.unknown` are not."""

    def __init__(self, hashers: InputHashers, original: RecordedOutcomes) -> None:
        self.original = original
        self._hashers = hashers
        self._last: _Shared | None = None

    def decide(self, node: Node, context: Context, *, cache: bool) -> Decision:
        """The decision for one execution of `node` in `context`."""
        shared = self._shared(node, context)
        unknown = dict(shared.unknown)
        find = lookup(context)
        args = known_args(node, find, unknown)
        of_node = self._of_node(node, context, find, unknown, shared)
        shown, hash_of = self._shown_args(node, context, args), self._hashers.of(context.visible_state.results).hash_of
        parts = execution_parts(of_node, shared.received, args, context.inside.item, shown, hash_of)
        at = path_of(node.id, context.inside.scope)
        refusal = lambda output: unfit(context.visible_state, node, output.state_delta)  # noqa: E731
        return decide(
            self.original,
            at,
            input_key(parts, of_node.used_args),
            unknown,
            refusal,
            self._policy(node, context, cache=cache),
        )

    @staticmethod
    def _shown_args(node: Node, context: Context, args: Mapping[str, Json]) -> Mapping[str, Json]:
        if not has_secrets(context):
            return args
        shown = known_args(node, lookup(context, shown=True), {})
        return {name: shown.get(name, MASK) for name in args}

    def _policy(self, node: Node, context: Context, *, cache: bool) -> ReusePolicy:
        hasher = self._hashers.of(context.visible_state.results)
        stale_files = partial(hasher.stale_files, node) if node.produces else None
        inside, reloaded = context.inside, hasher.reloaded
        return reuse_policy(node, inside, cache=cache, may_rerun=False, stale_files=stale_files, reloaded=reloaded)

    def _shared(self, node: Node, context: Context) -> _Shared:
        if self._last is not None and self._last.serves(node, context):
            return self._last
        unknown = {f"edges.{vertex}": vertex for vertex in context.unknown}
        reads = _known(node.reads, "reads", unknown, lambda name: _read(context, name))
        hash_of = self._hashers.of(context.visible_state.results).hash_of
        return _Shared(node, context, unknown, received_parts(reads, context.edges, hash_of), {})

    def _of_node(
        self, node: Node, context: Context, find: Lookup, unknown: dict[str, str], shared: _Shared
    ) -> NodeParts:
        """The parts of the node and its files, without values of its `source` or `inputs` that are not known yet."""
        written, name = written_given(node), given_name(node)
        given = _known(written, name, unknown, lambda key: _resolved(written, key, find))
        if any(part.startswith(f"{name}.") for part in unknown):
            given = {}
        of_node = shared.of_node
        if of_node is None or not same_given(shared.given, given):
            shown = shown_given_of(node, given, context)
            of_node = self._hashers.of(context.visible_state.results).node(node, given, shown_given=shown)
        self._last = _Shared(shared.node, shared.context, shared.unknown, shared.received, given, of_node)
        return of_node


def known_args(node: Node, find: Lookup, unknown: dict[str, str]) -> dict[str, Json]:
    """The args that are known. Adds the others to `unknown`: name to the vertices that they come from."""
    return _known(node.args, "args", unknown, lambda name: _resolved(node.args, name, find))


def _known(
    names: Iterable[str], prefix: str, unknown: dict[str, str], find: Callable[[str], dict[str, Json]]
) -> dict[str, Json]:
    known: dict[str, Json] = {}
    for name in names:
        try:
            known.update(find(name))
        except NotYetKnownError as error:
            unknown[f"{prefix}.{name}"] = ", ".join(error.vertices)
    return known


def _read(context: Context, name: str) -> dict[str, Json]:
    value = context.visible_state.see(name)
    return {} if value is MISSING else {name: value}


def _resolved(written: Mapping[str, Json], name: str, find: Lookup) -> dict[str, Json]:
    value = resolve({name: written[name]}, find).value
    assert isinstance(value, dict)
    return value
