"""Finds the semantic tokens of an item: the parts of expressions, references and placeholders."""

from __future__ import annotations

from collections.abc import Iterator

from engine.experience.source.locate import Steps, key_text
from engine.expressions import (
    FUNCTIONS,
    Path,
    Root,
    Token,
    TokenKind,
    parse_expression,
    parse_reference,
    parse_template,
)
from engine.syntax import Green, NodeKind, Span, View
from oe_lsp.ide.document.scalar_text import scalar_text
from oe_lsp.ide.names.symbol_references import Language, language_of
from oe_lsp.ide.semantic_tokens.legend import TokenType

Found = tuple[Span, TokenType]
"""A span relative to the start of the item, and its token type."""


def tokens_in(green: Green, place: Steps) -> Iterator[Found]:
    """Yield the tokens of the item at a path, in order and without overlaps."""
    return _walk(place, View(green, 0))


def _walk(steps: Steps, view: View) -> Iterator[Found]:
    if view.kind is NodeKind.SCALAR and isinstance(view.value, str):
        language = language_of(steps, view.value)
        if language is not None:
            text = scalar_text(view)
            yield from ((text.span(span), type_) for span, type_ in _READERS[language](text.text))
    for entry in view.entries():
        if entry.value is not None:
            yield from _walk((*steps, key_text(entry.key)), entry.value)
    for item in view.items():
        yield from _walk((*steps, 0), item)


def _expression(text: str) -> Iterator[Found]:
    for token in parse_expression(text).tokens:
        if token.path is not None:
            yield from _path(token.path)
        elif token.span.end > token.span.start and (type_ := _type_of(token)) is not None:
            yield token.span, type_


def _reference(text: str) -> Iterator[Found]:
    path = parse_reference(text)
    return _path(path) if path is not None else iter(())


def _template(text: str) -> Iterator[Found]:
    for placeholder in parse_template(text).placeholders:
        start, end = placeholder.span.start, placeholder.span.end
        yield Span(start, start + 2), TokenType.MACRO
        yield from _path(placeholder.path)
        yield Span(end - 2, end), TokenType.MACRO


def _path(path: Path) -> Iterator[Found]:
    """Yield the root and each step, without dots and brackets."""
    root = path.root.value.removesuffix(".")
    if root:
        yield Span(path.span.start, path.span.start + len(root)), TokenType.VARIABLE
    for position, step in enumerate(path.steps):
        if isinstance(step.value, int):
            yield step.span, TokenType.NUMBER
        else:
            yield step.span, _FIRST_STEPS.get(path.root, TokenType.PROPERTY) if position == 0 else TokenType.PROPERTY


def _type_of(token: Token) -> TokenType | None:
    if token.kind is TokenKind.NAME:
        return TokenType.FUNCTION if token.text in FUNCTIONS else None
    return _TYPES.get(token.kind)


_READERS = {
    Language.EXPRESSION: _expression,
    Language.REFERENCE: _reference,
    Language.TEMPLATE: _template,
}
_TYPES = {
    TokenKind.NUMBER: TokenType.NUMBER,
    TokenKind.STRING: TokenType.STRING,
    TokenKind.KEYWORD: TokenType.KEYWORD,
    TokenKind.OPERATOR: TokenType.OPERATOR,
}
_FIRST_STEPS = {Root.ARGS: TokenType.PARAMETER, Root.EDGES: TokenType.CLASS, Root.BARE: TokenType.VARIABLE}
