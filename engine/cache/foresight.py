"""The decision for one execution as far as it is known before the run: what is not known, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from engine.cache.decision import Answer, Decision, decide
from engine.cache.keying import Keyings, execution_parts, received_parts
from engine.cache.original import Original, place_of
from engine.core.board import NotYetKnownError
from engine.core.inputs import given_name, lookup, written_given
from engine.core.parts import Place
from engine.expressions import MISSING, Json, Lookup, Missing, Path, Root, resolve
from engine.spec.model import Node


@dataclass(frozen=True, slots=True)
class Foresight:
    """Decides with what is known. The edge outputs of vertices that wait to run (`waiting`) are not."""

    keyings: Keyings
    original: Original

    def decide(self, node: Node, place: Place, waiting: tuple[str, ...], *, cache: bool) -> Decision:
        """The decision for one execution of `node` at `place`."""
        if not cache:
            return Decision(Answer.IF_PREDECESSORS_SUCCEED if waiting else Answer.WILL_RUN, ("cache: false",))
        unknown = {f"edges.{vertex}": vertex for vertex in waiting}
        find = lookup_known(place, waiting)
        reads = _known(node.reads, "reads", unknown, lambda name: _read(place, name))
        args = known_args(node, find, unknown)
        written, name = written_given(node), given_name(node)
        given = _known(written, name, unknown, lambda key: _resolved(written, key, find))
        complete = not any(part.startswith(f"{name}.") for part in unknown)
        of_node = self.keyings.of(place.sight.board).node(node, given if complete else {})
        parts = execution_parts(of_node, received_parts(reads, place.edges), args, place.inside.item)
        return decide(self.original, place_of(node.id, place.inside.scope), parts, unknown)


def known_args(node: Node, find: Lookup, unknown: dict[str, str]) -> dict[str, Json]:
    """The args that are known; the names of the others are added to `unknown`, with where they come from."""
    return _known(node.args, "args", unknown, lambda name: _resolved(node.args, name, find))


def lookup_known(place: Place, waiting: tuple[str, ...]) -> Lookup:
    """What a path names at `place`. Raises NotYetKnownError for the edge output of a vertex that waits to run."""
    find = lookup(place.sight, place.edges, place.inside)

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
