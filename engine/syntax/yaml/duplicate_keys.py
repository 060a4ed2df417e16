"""What must hold of the keys of one mapping (docs/format.md, Reading: duplicate keys are an error)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from engine.syntax.green_tree import Entry, Mapping, Style, key_of
from engine.syntax.green_tree import Sequence as SequenceNode
from engine.syntax.problems import SyntaxCode, SyntaxProblem
from engine.syntax.spans import Span


def duplicate_keys(start: int, entries: Sequence[Entry]) -> list[SyntaxProblem]:
    """Return a problem for each key that an earlier entry of the same mapping, which starts at `start`, has."""
    first: dict[Hashable, Entry] = {}
    problems: list[SyntaxProblem] = []
    for entry in entries:
        key = key_of(entry.key)
        earlier = first.setdefault(key if isinstance(key, str) else (isinstance(key, bool), key), entry)
        if earlier is not entry:
            message = f"The key {entry.key.text!r} is already in this mapping; keep one of the two."
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
            message = "Without quotes, {{ … }} is read as a mapping; put quotes around the whole value."
            span = Span(start, _key_span(start, entry).end + 1)
            problems.append(SyntaxProblem(SyntaxCode.UNQUOTED_PLACEHOLDER, message, span))
        else:
            message = "A key must be a single value, such as a word; this one is a mapping or a list."
            problems.append(SyntaxProblem(SyntaxCode.COMPLEX_KEY, message, _key_span(start, entry)))
    return problems


def _key_span(start: int, entry: Entry) -> Span:
    at = start + entry.key_at
    return Span(at, at + entry.key.length)
