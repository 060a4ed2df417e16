"""Offers inside expressions, references and placeholders: paths with their types, functions, keywords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from string import ascii_letters, digits

from engine.expressions import FUNCTIONS, Path, Root
from engine.expressions.paths import scan_bare_path, scan_path
from engine.syntax import Span
from oe_lsp.ide import markdown
from oe_lsp.ide.completion.context import Context
from oe_lsp.ide.completion.offer import Offer, OfferKind
from oe_lsp.ide.completion.place.place import Slot
from oe_lsp.ide.completion.providers.visible_paths import visible_paths
from oe_lsp.ide.document.schema_lookup import values_of
from oe_lsp.ide.document.value_types import Shape, members, shape_of_path, type_names, type_text
from oe_lsp.ide.names.symbol_references import Language, is_prompt_file, language_of

_PATH_CHARACTERS = f"{ascii_letters}{digits}_.[]"
_REST_OF_WORD = re.compile(r"[A-Za-z0-9_]*")
_OPEN_BRACES = re.compile(r"\{\{(?!\{)(?P<space>\s*)(?:[^\s{}][^{}]*)?\Z")
_OPEN_STRING = re.compile(r"""^(?:[^"']|"[^"]*"|'[^']*')*["'][^"']*\Z""")


def path_offers(context: Context) -> Iterator[Offer]:
    """Yield what the language of the value allows at the cursor."""
    place = context.place
    if place.slot is Slot.KEY:
        return
    language = _language(context)
    if language is None or not _is_open(context, language):
        return
    typed = _typed_path(place.before)
    cursor = place.span.start + _typed_length(context)
    rest = _REST_OF_WORD.match(place.after)
    span = Span(cursor - len(typed), cursor + (rest.end() if rest else 0))
    closing = _closing(context) if language is Language.TEMPLATE else ""
    stem, shape = _stem(typed, context)
    if shape is not None:
        yield from _members(stem, shape, span, closing, place.gap)
        return
    if stem and "." in stem and not stem.startswith(("$.", "$args.", "$edges.")):
        return
    wants_list = context.is_at("graph.nodes.*.for_each.source", "graph.pipelines.*.items")
    for visible in visible_paths(context, language):
        is_prefix = visible.path == Root.ARGS.value
        text = f"{place.gap}{visible.path}{'.' if is_prefix else closing}"
        rank = visible.order + 2 * (wants_list and "array" not in type_names(visible.shape))  # lists first
        yield Offer(visible.path, OfferKind.VARIABLE, text, span, type_text(visible.shape), visible.about, rank=rank)
    if language is Language.EXPRESSION and not typed.startswith("$"):
        yield from _functions_and_keywords(span, place.gap)


def _typed_path(before: str) -> str:
    """Return the path, complete or not, at the end of a text."""
    start = len(before.rstrip(_PATH_CHARACTERS))
    return before[start - 1 :] if before[:start].endswith("$") else before[start:]


def _language(context: Context) -> Language | None:
    place = context.place
    text = place.before + place.after
    found = language_of(place.steps, text)
    is_given = context.is_at("graph.nodes.*.args.*", "graph.nodes.*.args.*.**", "graph.nodes.*.inputs.**")
    if found is None and not text and is_given and len(place.steps) > 4:
        return Language.REFERENCE
    if found is Language.REFERENCE and context.rule is not None and values_of(context.rule):
        return None
    return None if found is Language.TEMPLATE and is_prompt_file(text) else found


def _is_open(context: Context, language: Language) -> bool:
    """Return whether a path may be written at the cursor: in braces, at the start of a reference, outside strings."""
    before = context.place.before
    if language is Language.TEMPLATE:
        return _OPEN_BRACES.search(before) is not None
    if language is Language.REFERENCE:
        return before == "" or before.startswith("$")
    return context.place.quote != "" or _OPEN_STRING.match(before) is None


def _typed_length(context: Context) -> int:
    """Return the distance from the start of the span to the cursor."""
    place = context.place
    return 0 if place.quote == "|" else len(place.before.rpartition("\n")[2])


def _stem(typed: str, context: Context) -> tuple[str, Shape | None]:
    """Return the path before the last dot or bracket, and its shape; None if the path is incomplete."""
    end = max(typed.rfind("."), typed.rfind("["))
    stem = typed[: max(end, 0)]
    path = _parsed(stem)
    if path is None or (path.root is Root.EDGES and not path.steps) or (path.root is Root.ARGS and not path.steps):
        return stem or typed[: end + 1], None
    return stem, shape_of_path(path, context.index, context.node)


def _parsed(text: str) -> Path | None:
    scan = scan_path(text, 0) if text.startswith("$") else scan_bare_path(text, 0)
    return scan.path if scan is not None and scan.problem is None and scan.end == len(text) else None


def _members(stem: str, shape: Shape, span: Span, closing: str, gap: str) -> Iterator[Offer]:
    for step, inner in members(shape):
        path = f"{stem}[{step}]" if isinstance(step, int) else f"{stem}.{step}"
        label = f"[{step}]" if isinstance(step, int) else step
        about = str(inner.get("description", ""))
        yield Offer(label, OfferKind.VARIABLE, gap + path + closing, span, type_text(inner), about, filter=path)


def _functions_and_keywords(span: Span, gap: str) -> Iterable[Offer]:
    for function in FUNCTIONS.values():
        text = f"{gap}{function.name}($0)"
        yield Offer(
            f"{function.name}(…)",
            OfferKind.FUNCTION,
            text,
            span,
            markdown.code(function.signature).strip("`"),
            function.meaning,
            is_snippet=True,
            rank=4,
            filter=function.name,
            retriggers=True,
        )
    for word in ("true", "false", "null"):
        yield Offer(word, OfferKind.WORD, gap + word, span, rank=5)


def _closing(context: Context) -> str:
    """Return the closing braces that a placeholder lacks."""
    after = context.place.after.lstrip()
    rest = _REST_OF_WORD.sub("", after, count=1).lstrip() if after[:1].isalnum() else after
    if rest.startswith("}}"):
        return ""
    braces = _OPEN_BRACES.search(context.place.before)
    space = braces.group("space") if braces else ""
    return space + ("}" if rest.startswith("}") else "}}")
