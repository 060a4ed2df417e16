"""Checks of the keys of one mapping: duplicates and collections (docs/format.md, Reading)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from engine.syntax.green_tree import Entry, Mapping, Style, key_of
from engine.syntax.green_tree import Sequence as SequenceNode
from engine.syntax.problems import SyntaxCode, SyntaxProblem
from engine.syntax.spans import Span


def duplicate_keys(start: int, entries: Sequence[Entry]) -> list[SyntaxProblem]:
    """Return a problem for each key of the mapping at `start` that an earlier entry has, too."""
    first: dict[Hashable, Entry] = {}
    problems: list[SyntaxProblem] = []
    for entry in entries:
        key = key_of(entry.key)
        earlier = first.setdefault(key if isinstance(key, str) else (isinstance(key, bool), key), entry)
        if earlier is not entry:
            message = f"Duplicate key {entry.key.text!r}; remove one of the two"
            problems.append(
                SyntaxProblem(SyntaxCode.DUPLICATE_KEY, message, _key_span(start, entry), _key_span(start, earlier))
            )
    return problems


def complex_keys(start: int, entries: Sequence[Entry]) -> list[SyntaxProblem]:
    """Return a problem for each key that is a collection; `{{ x }}` without quotes is the usual one."""
    problems: list[SyntaxProblem] = []
    for entry in entries:
        if not isinstance(entry.key, Mapping | SequenceNode):
            continue
        if entry.key_at == 1 and entry.key.style is Style.FLOW:
            message = "Unquoted {{ … }} is read as a mapping; put quotes around the whole value"
            span = Span(start, _key_span(start, entry).end + 1)
            problems.append(SyntaxProblem(SyntaxCode.UNQUOTED_PLACEHOLDER, message, span))
        else:
            message = "A key cannot be a mapping or a list; use a single word"
            problems.append(SyntaxProblem(SyntaxCode.COMPLEX_KEY, message, _key_span(start, entry)))
    return problems


def _key_span(start: int, entry: Entry) -> Span:
    at = start + entry.key_at
    return Span(at, at + entry.key.length)
