"""References in a key or value: the kind of entity that each name refers to, and whether it is declared there.

The one table of where ids, fields, phases, args and files are written. Whether an entity exists is not checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from engine.experience.files.prompt_path import is_prompt_path
from engine.experience.source.locate import Steps, key_text
from engine.expressions import Path, Root, parse_expression, parse_reference, parse_template
from engine.syntax import NodeKind, Span, View
from oe_lsp.ide.document.cursor import path_is
from oe_lsp.ide.document.scalar_text import ScalarText, scalar_text


class EntityKind(Enum):
    """What a name refers to. VERTEX: a node, pipeline or loop, which share a namespace."""

    VERTEX = "vertex"
    FIELD = "field"
    PHASE = "phase"
    RUN_ARG = "run arg"
    NODE_ARG = "node arg"
    FILE = "file"


class Mention(Struct, frozen=True):
    """A name in the text. `span` covers just the name, without quotes, `$.` or braces."""

    kind: EntityKind
    name: str
    span: Span
    declares: bool = False


class Language(Enum):
    """Language of a value."""

    EXPRESSION = "expression"
    REFERENCE = "reference"
    TEMPLATE = "template"


_CONDITIONS = ("graph.edges.*.when", "graph.loops.*.until")
_LISTS = ("graph.nodes.*.for_each.source", "graph.pipelines.*.items")
_GIVEN = ("graph.nodes.*.args.**", "graph.nodes.*.inputs.**", "graph.nodes.*.source.**")
PROMPT = "graph.nodes.*.prompt"
"""The path of prompts."""

_IDS = ("graph.nodes.*.id", "graph.pipelines.*.id", "graph.loops.*.id")
_USED_IDS = ("graph.edges.*.from", "graph.edges.*.to", "graph.pipelines.*.stages.*", "graph.loops.*.body")
_FIELDS = ("graph.nodes.*.reads.*", "graph.nodes.*.writes.*")
_USED_PHASES = ("graph.nodes.*.phase", "graph.pipelines.*.phase", "graph.loops.*.phase")
_FILES = ("graph.nodes.*.impl", "graph.nodes.*.schema", "graph.nodes.*.workdir")
_ANSWERED = "graph.nodes.*.schema.properties.*"
_SOURCE_FILE = "graph.nodes.*.source.uri"
_LANGUAGES = {
    Language.EXPRESSION: _CONDITIONS,
    Language.TEMPLATE: (PROMPT,),
    Language.REFERENCE: (*_LISTS, *_GIVEN),
}
_WHOLE: tuple[tuple[tuple[str, ...], EntityKind, bool], ...] = (
    (_IDS, EntityKind.VERTEX, True),
    (_USED_IDS, EntityKind.VERTEX, False),
    (_FIELDS, EntityKind.FIELD, False),
    (("phases.*.id",), EntityKind.PHASE, True),
    (_USED_PHASES, EntityKind.PHASE, False),
    (_FILES, EntityKind.FILE, False),
)
"""Paths whose whole value is a name, the kind of entity, and whether it is declared there."""
_KEYS = (
    ("state.schema.*", EntityKind.FIELD, True),
    ("args.properties.*", EntityKind.RUN_ARG, True),
    ("graph.nodes.*.args.*", EntityKind.NODE_ARG, True),
    ("graph.nodes.*.outputs.*", EntityKind.FIELD, False),
    (_ANSWERED, EntityKind.FIELD, False),
)


def language_of(steps: Steps, text: str) -> Language | None:
    """Return the language of a text at this path, or None for plain text."""
    language = _language_at(steps)
    if language is Language.TEMPLATE and is_prompt_file(text):
        return None
    # Where any value is allowed, only text with a leading `$` is a reference.
    if language is Language.REFERENCE and not text.startswith("$") and not _is_at(steps, _LISTS):
        return None
    return language


@lru_cache(maxsize=4096)
def _language_at(steps: Steps) -> Language | None:
    """Return the language of texts at this path, by the path alone."""
    for language, patterns in _LANGUAGES.items():
        if _is_at(steps, patterns):
            return language
    return None


def _is_at(steps: Steps, patterns: tuple[str, ...]) -> bool:
    return any(path_is(steps, pattern) for pattern in patterns)


def is_prompt_file(text: str) -> bool:
    """Whether a prompt looks like the path of a file (docs/format.md, Prompts)."""
    return is_prompt_path(text.strip(), lambda _: False)


def mentions_of_key(steps: Steps, key: View, node: View | None = None) -> Iterator[Mention]:
    """Yield the name that the key at this path is; `node` encloses it."""
    found = _named_by_key(steps)
    if found is None or key.kind is not NodeKind.SCALAR:
        return
    # A property of the answer becomes state only if `writes` lists it.
    if path_is(steps, _ANSWERED) and not _is_listed(node, "writes", key.value):
        return
    text = scalar_text(key)
    yield Mention(found[0], key_text(key), text.span(Span(0, len(text.text))), found[1])


@lru_cache(maxsize=4096)
def _named_by_key(steps: Steps) -> _Whole | None:
    return next(((kind, declares) for pattern, kind, declares in _KEYS if path_is(steps, pattern)), None)


def mentions_of_value(steps: Steps, scalar: View, node: View | None = None) -> Iterator[Mention]:
    """Yield the names in the scalar at this path, in order; `node` encloses it."""
    if scalar.kind is not NodeKind.SCALAR or not isinstance(scalar.value, str):
        return
    found = _whole_name(steps, node)
    if found is not None and not (found[0] is EntityKind.FILE and _is_reference(scalar.value)):
        yield from _name(scalar_text(scalar), scalar.value, *found)
    elif (language := language_of(steps, scalar.value)) is not None:
        text = scalar_text(scalar)
        for path in _paths(language, text.text):
            yield from _in_path(text, path, node)


def paths_in(steps: Steps, scalar: View) -> Iterator[tuple[Path, Span]]:
    """Yield every path in the scalar's expression, reference or placeholders, with its span in the file."""
    if scalar.kind is NodeKind.SCALAR and isinstance(scalar.value, str):
        text = scalar_text(scalar)
        for path in _paths(language_of(steps, scalar.value), text.text):
            yield path, text.span(path.span)


def mentions_in_prompt(text: str, node: View) -> Iterator[Mention]:
    """Yield the names in the placeholders of a prompt file, with spans in that file."""
    for path in _paths(Language.TEMPLATE, text):
        yield from _in_path(ScalarText(text, 0), path, node)


def _paths(language: Language | None, text: str) -> tuple[Path, ...]:
    match language:
        case Language.TEMPLATE:
            return tuple(placeholder.path for placeholder in parse_template(text).placeholders)
        case Language.EXPRESSION:
            return parse_expression(text).paths
        case Language.REFERENCE:
            reference = parse_reference(text)
            return (reference,) if reference else ()
        case None:
            return ()


_Whole = tuple[EntityKind, bool]


def _whole_name(steps: Steps, node: View | None) -> _Whole | None:
    """Return the kind of entity that the whole value at this path names, and whether it is declared there."""
    found = _whole_at(steps)
    if found is not None:
        return found
    if path_is(steps, _SOURCE_FILE) and _source_type(node) in {"file", "sqlite"}:
        return EntityKind.FILE, False
    if path_is(steps, PROMPT):
        prompt = node.get("prompt") if node else None
        return (EntityKind.FILE, False) if prompt and is_prompt_file(str(prompt.value)) else None
    return None


@lru_cache(maxsize=4096)
def _whole_at(steps: Steps) -> _Whole | None:
    return next(((kind, declares) for patterns, kind, declares in _WHOLE if _is_at(steps, patterns)), None)


def _source_type(node: View | None) -> object:
    source = node.get("source") if node else None
    kind = source.get("type") if source else None
    return kind.value if kind else None


def _is_reference(text: str) -> bool:
    return parse_reference(text) is not None


def _name(text: ScalarText, name: str, kind: EntityKind, declares: bool) -> Iterator[Mention]:
    if name:
        yield Mention(kind, name, text.span(Span(0, len(text.text))), declares)


def _in_path(text: ScalarText, path: Path, node: View | None) -> Iterator[Mention]:
    if not path.steps:
        return
    kind = _KINDS[path.root](node, str(path.steps[0].value)) if path.root in _KINDS else None
    if kind is not None:
        yield Mention(kind, str(path.steps[0].value), text.span(path.steps[0].span))


def _always(kind: EntityKind) -> Callable[[View | None, str], EntityKind]:
    return lambda _node, _name: kind


def _bare(node: View | None, name: str) -> EntityKind:
    """Resolve a name without `$`: an arg of the node, a field it reads, else the output of a predecessor."""
    args = node.get("args") if node else None
    if args is not None and args.key(name) is not None:
        return EntityKind.NODE_ARG
    return EntityKind.FIELD if _is_listed(node, "reads", name) else EntityKind.VERTEX


def _is_listed(node: View | None, key: str, name: object) -> bool:
    found = node.get(key) if node else None
    return found is not None and isinstance(found.value, list) and name in found.value


_KINDS: dict[Root, Callable[[View | None, str], EntityKind]] = {
    Root.STATE: _always(EntityKind.FIELD),
    Root.ARGS: _always(EntityKind.RUN_ARG),
    Root.EDGES: _always(EntityKind.VERTEX),
    Root.BARE: _bare,
}
