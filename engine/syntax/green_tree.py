"""The green tree: nodes with relative positions, so that a node stays the same object when text before it changes.
Consumers read it through engine.syntax.tree_view."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum, auto
from operator import attrgetter
from typing import Any, ClassVar

from msgspec import Struct

from engine.syntax.scalars import Data


class NodeKind(Enum):
    """Kinds of nodes. ERROR is text that could not be read; NULL is a scalar, or nothing, whose value is null."""

    SCALAR = auto()
    NULL = auto()
    MAPPING = auto()
    SEQUENCE = auto()
    ALIAS = auto()
    ERROR = auto()


class Style(Enum):
    """How a node is written."""

    PLAIN = auto()
    SINGLE = auto()
    DOUBLE = auto()
    LITERAL = auto()
    FOLDED = auto()
    FLOW = auto()
    BLOCK = auto()


# Green nodes are written once, by the reader. They compare and hash by identity. They form no cycles, since an alias to
# a node around it has no target; so the garbage collector need not track them (gc=False):
# a large file has a hundred thousand.


class SourceRange(Struct, eq=False, gc=False):
    """The text of a node: a block of text, and the node's range in it (code points)."""

    block: str
    at: int
    length: int

    @property
    def text(self) -> str:
        """The node's own text."""
        return self.block[self.at : self.at + self.length]


class Scalar(SourceRange, eq=False, gc=False):
    """A scalar; one of length 0 is an absent value, which is null."""

    data: Data
    style: Style
    portable: bool = True
    """Whether equal text means an equal value everywhere; not for a block scalar with an indentation indicator."""
    depth: ClassVar[int] = 0
    expansion: ClassVar[int] = 0

    @property
    def kind(self) -> NodeKind:
        """NULL or SCALAR."""
        return NodeKind.NULL if self.data is None else NodeKind.SCALAR


class Alias(SourceRange, eq=False, gc=False):
    """`*name`. Its target is the node with that anchor, or None when there is none that can be used."""

    name: str
    target: Green | None
    style: ClassVar[Style] = Style.PLAIN
    portable: ClassVar[bool] = False
    kind: ClassVar[NodeKind] = NodeKind.ALIAS

    @property
    def depth(self) -> int:
        """The depth of its target."""
        return self.target.depth if self.target else 0

    @property
    def expansion(self) -> int:
        """How much text it expands to, in code points."""
        return self.target.length + self.target.expansion if self.target else 0


class Broken(SourceRange, eq=False, gc=False):
    """Text that could not be read."""

    style: ClassVar[Style] = Style.PLAIN
    portable: ClassVar[bool] = True
    depth: ClassVar[int] = 0
    expansion: ClassVar[int] = 0
    kind: ClassVar[NodeKind] = NodeKind.ERROR


class Entry(Struct, gc=False):
    """A key and its value, each at an offset from the start of the mapping; the value may be absent."""

    key_at: int
    key: Green
    value_at: int
    value: Green | None


class Mapping(SourceRange, eq=False, gc=False):
    """A mapping in block or flow style."""

    entries: tuple[Entry, ...]
    style: Style
    depth: int
    expansion: int
    portable: bool
    data: dict[Any, Any] | None = None
    """The value, once computed."""
    index: dict[Hashable, int] | None = None
    """The position of each key among the entries, once computed."""
    kind: ClassVar[NodeKind] = NodeKind.MAPPING


class Sequence(SourceRange, eq=False, gc=False):
    """A sequence in block or flow style: its items, each at an offset from the start of the sequence."""

    items: tuple[tuple[int, Green], ...]
    style: Style
    depth: int
    expansion: int
    portable: bool
    data: list[Any] | None = None
    """The value, once computed."""
    kind: ClassVar[NodeKind] = NodeKind.SEQUENCE


Green = Scalar | Alias | Broken | Mapping | Sequence


def value_of(node: Green) -> Any:
    """Return the plain data of a node, cached on the node: to be read, never changed.

    Aliases are resolved; an entry without a value and text that could not be read are None. A key that is a collection
    is represented by its source text (and is reported as a problem).
    """
    if isinstance(node, (Mapping, Sequence)) and node.data is not None:
        return node.data
    match node:
        case Scalar():
            return node.data
        case Alias():
            return value_of(node.target) if node.target else None
        case Broken():
            return None
        case Sequence():
            node.data = [value_of(item) for _, item in node.items]
            return node.data
        case Mapping():
            node.data = {
                key_of(entry.key): None if entry.value is None else value_of(entry.value) for entry in node.entries
            }
            return node.data


def key_of(node: Green) -> Hashable:
    """Return a key as in the mapping's value: its scalar value, else its source text."""
    while isinstance(node, Alias) and node.target:
        node = node.target
    return node.data if isinstance(node, Scalar) else node.text


def make_mapping(block: str, at: int, length: int, entries: tuple[Entry, ...], style: Style) -> Mapping:
    """Return a mapping; its depth, expansion and so on are computed from its entries."""
    keys = [entry.key for entry in entries]
    values = [entry.value for entry in entries if entry.value is not None]
    return Mapping(block, at, length, entries, style, *_measures([*keys, *values]))


def make_sequence(block: str, at: int, length: int, items: tuple[tuple[int, Green], ...], style: Style) -> Sequence:
    """Return a sequence; its depth, expansion and so on are computed from its items."""
    parts = [item for _, item in items]
    return Sequence(block, at, length, items, style, *_measures(parts))


_DEPTH, _EXPANSION, _PORTABLE = map(attrgetter, ("depth", "expansion", "portable"))


def _measures(parts: list[Green]) -> tuple[int, int, bool]:
    return (
        1 + max(map(_DEPTH, parts), default=0),
        sum(map(_EXPANSION, parts)),
        all(map(_PORTABLE, parts)),
    )
