"""The state fields that a vertex reads, and in which way (docs/format.md, Order)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from msgspec import Struct

from engine.experience.model import DatasetSpec, Edge, Node, SkillSpec
from engine.expressions import Expression, Json, Path, Root, paths_of, references


class ReadBy(str, Enum):
    """The key through which a field is read."""

    READS = "reads"
    ARGS = "args"
    INPUTS = "inputs"
    DATASET = "source"
    FOR_EACH = "for_each.source"
    ITEMS = "items"
    UNTIL = "until"
    WHEN = "when"


class Read(Struct, frozen=True):
    """A field and the way it is read. `edge` is set for a `when`."""

    field: str
    by: ReadBy
    edge: Edge | None = None


def node_reads(node: Node) -> Iterator[Read]:
    """The reads of a node, without the `when` of its edges. A field may occur more than once."""
    yield from (Read(field, ReadBy.READS) for field in node.reads)
    yield from (Read(field, ReadBy.ARGS) for field in fields_in(dict(node.args)))
    if node.for_each is not None:
        yield from (Read(field, ReadBy.FOR_EACH) for field in fields_in(node.for_each.source))
    if isinstance(node.spec, SkillSpec):
        yield from (Read(field, ReadBy.INPUTS) for field in fields_in(dict(node.spec.inputs)))
    if isinstance(node.spec, DatasetSpec):
        yield from (Read(field, ReadBy.DATASET) for field in fields_in(dict(node.spec.source)))


def expression_reads(expression: Expression | None, by: ReadBy, edge: Edge | None = None) -> Iterator[Read]:
    """The reads of a `when` or `until`."""
    if expression is not None:
        yield from (Read(field, by, edge) for field in _fields(paths_of(expression)))


def fields_in(value: Json) -> Iterator[str]:
    """The state fields of the references inside a value: `rows` in `{limit: $.rows.length}`."""
    return _fields(references(value))


def _fields(paths: Iterable[Path]) -> Iterator[str]:
    return (str(path.steps[0].value) for path in paths if path.root is Root.STATE and path.steps)
