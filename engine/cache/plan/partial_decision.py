"""The decision for one execution as far as it is known before the run: what is not known, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from msgspec import Struct

from engine.cache.decisions.decision import Decision, decide
from engine.cache.decisions.execution_path import place_of
from engine.cache.decisions.recorded_outcomes import Original
from engine.cache.decisions.reuse_policy import Terms, terms_of
from engine.cache.keys.input_hash import Parts
from engine.cache.keys.input_parts import Keyings, NodeParts, execution_parts, received_parts, same_given
from engine.experience.model import Node
from engine.expressions import MISSING, Json, Lookup, Missing, Path, Root, resolve
from engine.log.secrets.masking import MASK
from engine.scheduler.activity import Place, shown_given_of
from engine.scheduler.state.inputs import given_name, has_secrets, lookup, written_given
from engine.scheduler.state.results import NotYetKnownError
from engine.scheduler.state.writes import unfit


class _Shared(Struct, frozen=True):
    """What was made for the last execution: the next one, another item, has the same of it."""

    node: Node
    place: Place
    unknown: Mapping[str, str]
    received: Parts
    given: Mapping[str, Json]
    of_node: NodeParts | None = None

    def serves(self, node: Node, place: Place) -> bool:
        """Whether what was received is the same."""
        return self.node is node and self.place.sight is place.sight and self.place.edges is place.edges


class Foresight:
    """Decides with what is known. The edge outputs of vertices that wait to run (`waiting`) are not."""

    def __init__(self, keyings: Keyings, original: Original) -> None:
        self.original = original
        self._keyings = keyings
        self._last: _Shared | None = None

    def decide(self, node: Node, place: Place, waiting: tuple[str, ...], *, cache: bool) -> Decision:
        """The decision for one execution of `node` at `place`."""
        shared = self._shared(node, place, waiting)
        unknown = dict(shared.unknown)
        find = lookup_known(place, waiting)
        args = known_args(node, find, unknown)
        of_node = self._of_node(node, place, find, unknown, shared)
        shown, hash_of = self._shown_args(node, place, waiting, args), self._keyings.of(place.sight.board).hash_of
        parts = execution_parts(of_node, shared.received, args, place.inside.item, shown, hash_of)
        at = place_of(node.id, place.inside.scope)
        refusal = lambda output: unfit(place.sight, node, output.state_delta)  # noqa: E731
        return decide(self.original, at, parts, unknown, refusal, self._terms(node, place, cache=cache))

    @staticmethod
    def _shown_args(node: Node, place: Place, waiting: tuple[str, ...], args: Mapping[str, Json]) -> Mapping[str, Json]:
        if not has_secrets(place.sight, place.inside):
            return args
        shown = known_args(node, lookup_known(place, waiting, shown=True), {})
        return {name: shown.get(name, MASK) for name in args}

    def _terms(self, node: Node, place: Place, *, cache: bool) -> Terms:
        keying = self._keyings.of(place.sight.board)
        spoiled = partial(keying.spoiled, node) if node.produces else None
        inside, reloaded = place.inside, keying.reloaded
        return terms_of(node, inside, cache=cache, may_rerun=False, spoiled=spoiled, reloaded=reloaded)

    def _shared(self, node: Node, place: Place, waiting: tuple[str, ...]) -> _Shared:
        if self._last is not None and self._last.serves(node, place):
            return self._last
        unknown = {f"edges.{vertex}": vertex for vertex in waiting}
        reads = _known(node.reads, "reads", unknown, lambda name: _read(place, name))
        hash_of = self._keyings.of(place.sight.board).hash_of
        return _Shared(node, place, unknown, received_parts(reads, place.edges, hash_of), {})

    def _of_node(self, node: Node, place: Place, find: Lookup, unknown: dict[str, str], shared: _Shared) -> NodeParts:
        """The parts of the node and its files; what of `given` is not known yet is left out."""
        written, name = written_given(node), given_name(node)
        given = _known(written, name, unknown, lambda key: _resolved(written, key, find))
        if any(part.startswith(f"{name}.") for part in unknown):
            given = {}
        of_node = shared.of_node
        if of_node is None or not same_given(shared.given, given):
            shown = shown_given_of(node, given, place)
            of_node = self._keyings.of(place.sight.board).node(node, given, shown_given=shown)
        self._last = _Shared(shared.node, shared.place, shared.unknown, shared.received, given, of_node)
        return of_node


def known_args(node: Node, find: Lookup, unknown: dict[str, str]) -> dict[str, Json]:
    """The args that are known; the names of the others are added to `unknown`, with where they come from."""
    return _known(node.args, "args", unknown, lambda name: _resolved(node.args, name, find))


def lookup_known(place: Place, waiting: tuple[str, ...], *, shown: bool = False) -> Lookup:
    """What a path names at `place`; `shown`: as much of it as people may see.

    Raises NotYetKnownError for the edge output of a vertex that waits to run.
    """
    find = lookup(place.sight, place.edges, place.inside, shown=shown)

    def find_known(path: Path) -> Json | Missing:
        if path.root is Root.EDGES and path.steps and path.steps[0].value in waiting:
            raise NotYetKnownError((str(path.steps[0].value),))
        return find(path)

    return find_known


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


def _read(place: Place, name: str) -> dict[str, Json]:
    value = place.sight.see(name)
    return {} if value is MISSING else {name: value}


def _resolved(written: Mapping[str, Json], name: str, find: Lookup) -> dict[str, Json]:
    value = resolve({name: written[name]}, find).value
    assert isinstance(value, dict)
    return value
