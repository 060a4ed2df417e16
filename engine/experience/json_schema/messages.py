"""Words for schema mistakes: the expected value, the actual one, and what was probably meant."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import Any

from engine.expressions import Json, ValueKind, kind_of
from engine.expressions.values import type_in_words

_MOST_LETTERS_OFF = 4
_MOST_COMPARISONS = 4000
_NEIGHBOURS = 40
_LONGEST_TEXT = 40
_LONGEST_LIST = 10

_PATTERNS = {
    "^[a-zA-Z_][a-zA-Z0-9_]*$": "letters, digits and `_`, not starting with a digit",
    "^[A-Za-z_][A-Za-z0-9_]*$": "letters, digits and `_`, not starting with a digit",
    r"^\d+\.\d+\.\d+$": "three numbers with dots, such as '1.0.0'",
}


@lru_cache(maxsize=512)
def closest(name: str, candidates: frozenset[str]) -> str | None:
    """The candidate that `name` is most likely a misspelling of, or None."""
    # A misspelling begins or ends like the name; comparing it to a thousand candidates at each key stroke is too slow.
    folded = name.casefold()
    near = sorted(candidates if len(candidates) <= 2 * _NEIGHBOURS else _neighbours(folded, candidates))
    by_folded = {candidate.casefold(): candidate for candidate in near if _alike(candidate, folded)}
    found = get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def _neighbours(folded: str, candidates: frozenset[str]) -> set[str]:
    """The candidates that sort next to a name, forwards or backwards."""
    by_beginning, by_end = _sorted_both_ways(candidates)
    return {*_around(folded, by_beginning), *_around(folded[::-1], by_end)}


def _around(folded: str, candidates: Sequence[tuple[str, str]]) -> list[str]:
    at = bisect_left(candidates, (folded,))
    return [candidate for _, candidate in candidates[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]]


@lru_cache(maxsize=8)
def _sorted_both_ways(candidates: frozenset[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    folded = [(candidate.casefold(), candidate) for candidate in candidates]
    return sorted(folded), sorted((name[::-1], candidate) for name, candidate in folded)


def closest_to_each(names: Iterable[str], candidates: frozenset[str]) -> dict[str, str | None]:
    """The closest candidate to each name; only for the first of very many names, since each takes milliseconds."""
    most = _MOST_COMPARISONS // (len(candidates) + 1) + 1
    return {name: closest(name, candidates) for name in islice(dict.fromkeys(names), most)}


def _alike(candidate: str, folded: str) -> bool:
    other = candidate.casefold()
    return abs(len(other) - len(folded)) <= _MOST_LETTERS_OFF and (other[:1] == folded[:1] or other[-1:] == folded[-1:])


def did_you_mean(suggestion: str | None) -> str:
    """`; did you mean `x`?`, or an empty text."""
    return f"; did you mean `{suggestion}`?" if suggestion else ""


def listed(names: Iterable[str]) -> str:
    """The names in backticks, separated by commas; of a longer list, the first ten and the number of the others."""
    all_names = [f"`{name}`" for name in names]
    more = len(all_names) - _LONGEST_LIST
    return ", ".join(all_names[:_LONGEST_LIST]) + (f" and {more} more" if more > 0 else "")


def dotted(path: tuple[str | int, ...]) -> str:
    """A path as people write it, such as `for_each.concurrency` or `reads[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def shown(value: Json) -> str:
    """A value in a few words, never in full: `the text 'many'`, `the number 3`, `a list`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        short = value if len(value) <= _LONGEST_TEXT else value[: _LONGEST_TEXT - 1] + "…"
        return f"the text '{short}'"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return kind_of(value).value


def wanted(schema: Mapping[str, Any]) -> str:
    """The values a schema allows, in a few words: `an integer ≥ 1`, `a list of text`, `one of `all`, `any``."""
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return f"one of {listed(str(choice) for choice in schema['enum'])}"
    types = schema.get("type", [])
    names = [types] if isinstance(types, str) else list(types)
    text = " or ".join(map(type_in_words, names))
    if "pattern" in schema:
        return f"{text} {_pattern_words(schema)}" if names == ["string"] else text
    if names == ["array"] and schema.get("items", {}).get("type") == "string":
        return f"{text} of {ValueKind.TEXT.value}"
    return text + _bounds(schema)


def rule_text(keyword: str, schema: Mapping[str, Any]) -> str:
    """A rule of a schema: its keyword, with the value if that is short, such as `maxLength: 3`."""
    value = schema.get(keyword)
    return f"{keyword}: {json.dumps(value)}" if isinstance(value, (int, float)) else keyword


def _bounds(schema: Mapping[str, Any]) -> str:
    """The limits of a number, such as ` between 1 and 20` or ` ≥ 1`, or an empty text."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" between {low} and {high}"
    return f" ≥ {low}" if low is not None else f" ≤ {high}" if high is not None else ""


def _pattern_words(schema: Mapping[str, Any]) -> str:
    """The texts that the pattern of a schema matches, in words if it is a known one."""
    pattern = str(schema["pattern"])
    return f"made of {_PATTERNS[pattern]}" if pattern in _PATTERNS else f"that matches `{pattern}`"


def in_parentheses(schema: Mapping[str, Any]) -> str:
    """The first sentence of a schema's description, in parentheses after a space, or an empty text."""
    sentence = str(schema.get("description", "")).partition(". ")[0].rstrip(".")
    return f" ({sentence[:1].lower()}{sentence[1:]})" if sentence else ""
