"""Document symbols: args, fields, phases, nodes, edges, pipelines and loops; and the search for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from engine.experience.source.locate import Steps, key_text
from engine.syntax import Green, NodeKind, Span, View
from oe_lsp.ide.document.items import (
    ARGS,
    EDGES,
    FIELDS,
    LOOPS,
    MAX_CACHED,
    NODES,
    PHASES,
    PIPELINES,
    items_at,
    text_at,
)


class SymbolKind(Enum):
    """Kind of symbol. SECTION contains others."""

    SECTION = "section"
    ARG = "arg"
    FIELD = "field"
    PHASE = "phase"
    NODE = "node"
    EDGE = "edge"
    PIPELINE = "pipeline"
    LOOP = "loop"


class Symbol(Struct, frozen=True):
    """A part of an experience. `span` covers all of it, `name_span` its name."""

    name: str
    kind: SymbolKind
    detail: str
    span: Span
    name_span: Span
    children: tuple[Symbol, ...] = ()


_Reader = Callable[[View], Iterator[Symbol]]


def symbols(root: View | None) -> tuple[Symbol, ...]:
    """Return the sections with their members, in the order of the text. Works on any text."""
    sections = (_section(root, *section) for section in _SECTIONS)
    return tuple(sorted((section for section in sections if section), key=lambda section: section.span.start))


def searchable_symbols(root: View | None) -> Iterator[Symbol]:
    """Yield everything that has a name of its own."""
    for section in symbols(root):
        # Edges, and items without an id, have no name.
        yield from (symbol for symbol in section.children if symbol.name_span != symbol.span)


def matches(query: str, name: str) -> bool:
    """Return whether the letters of a query occur in a name in order, ignoring case, as editors search."""
    letters = iter(name.casefold())
    return all(letter in letters for letter in query.casefold() if not letter.isspace())


def _section(root: View | None, owner: tuple[str, ...], key: str, place: Steps, read: _Reader) -> Symbol | None:
    view = root
    for step in owner:
        view = view.get(step) if view else None
    entry = view.entry(key) if view else None
    if entry is None:
        return None
    found = ((item.view.start, part) for item in items_at(root, place) for part in _parts_of(item.view.green, read))
    children = tuple(
        Symbol(part.name, part.kind, part.detail, part.span.shift(start), part.name_span.shift(start))
        for start, part in found
    )
    return Symbol(key, SymbolKind.SECTION, "", entry.span, entry.key.span, children)


@lru_cache(maxsize=MAX_CACHED)
def _parts_of(green: Green, read: _Reader) -> tuple[Symbol, ...]:
    """Return the symbols of an item, relative to its start."""
    return tuple(read(View(green, 0)))


def _node(view: View) -> Iterator[Symbol]:
    yield _named(view, SymbolKind.NODE, text_at(view, "kind") or "node")


def _pipeline(view: View) -> Iterator[Symbol]:
    yield _named(view, SymbolKind.PIPELINE, "pipeline")


def _loop(view: View) -> Iterator[Symbol]:
    yield _named(view, SymbolKind.LOOP, "loop")


def _phase(view: View) -> Iterator[Symbol]:
    yield _named(view, SymbolKind.PHASE, text_at(view, "title") or "")


def _edge(view: View) -> Iterator[Symbol]:
    ends = " → ".join(text_at(view, end) or "?" for end in ("from", "to"))
    yield Symbol(ends, SymbolKind.EDGE, text_at(view, "when") or "", view.span, view.span)


def _fields(view: View) -> Iterator[Symbol]:
    return _members(view, SymbolKind.FIELD)


def _args(view: View) -> Iterator[Symbol]:
    return _members(view, SymbolKind.ARG)


def _members(view: View, kind: SymbolKind) -> Iterator[Symbol]:
    for entry in view.entries():
        name = key_text(entry.key)
        if name.strip():
            yield Symbol(name, kind, text_at(entry.value, "type") or "", entry.span, entry.key.span)


def _named(view: View, kind: SymbolKind, detail: str) -> Symbol:
    """Return an item by its id, or as `(node without an id)`."""
    id_ = view.get("id")
    if id_ is None or id_.kind is not NodeKind.SCALAR or not str(id_.value).strip():
        return Symbol(f"({kind.value} without an id)", kind, detail, view.span, view.span)
    return Symbol(str(id_.value), kind, detail, view.span, id_.span)


_SECTIONS: tuple[tuple[tuple[str, ...], str, Steps, _Reader], ...] = (
    ((), "args", ARGS, _args),
    ((), "state", FIELDS, _fields),
    ((), "phases", PHASES, _phase),
    (("graph",), "nodes", NODES, _node),
    (("graph",), "edges", EDGES, _edge),
    (("graph",), "pipelines", PIPELINES, _pipeline),
    (("graph",), "loops", LOOPS, _loop),
)
"""Parent and key of each section, the path of its items, and their reader."""
