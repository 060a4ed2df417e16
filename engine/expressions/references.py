"""References: strings that are exactly one path and are replaced by its value, in `args` and sources."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from engine.expressions.paths import Lookup, Path, scan_path
from engine.expressions.values import MISSING, Json, Missing


class Resolved(Struct, frozen=True):
    """A value with its references replaced, and the paths without a value, in order of appearance."""

    value: Json | Missing
    missing: tuple[Path, ...]


def parse_reference(text: str) -> Path | None:
    """Parse `text` as a reference; None where it is not exactly one path (docs/format.md, References).

    `$$.x` is an escape, not a reference; nor is a bare name, or a path with spaces around it.
    """
    return _reference(text) if text.startswith("$") else None


@lru_cache(maxsize=4096)
def _reference(text: str) -> Path | None:
    scan = scan_path(text, 0)
    return scan.path if scan.problem is None and scan.end == len(text) else None


def references(value: Json) -> tuple[Path, ...]:
    """All references in `value`, at any depth, in order; each span is relative to its own string."""
    if isinstance(value, str):
        path = parse_reference(value)
        return () if path is None else (path,)
    if isinstance(value, list):
        return tuple(path for item in value for path in references(item))
    if isinstance(value, dict):
        return tuple(path for item in value.values() for path in references(item))
    return ()


def resolve(value: Json, lookup: Lookup) -> Resolved:
    """Replace every reference in `value` by its value, of any type; unescape `$$.x` to `$.x`.

    Where a reference has no value, a key is dropped, an item of a list becomes null (so that the others keep their
    index), and a lone reference gives MISSING; all are listed in `missing`. Values are not copied: treat the result as
    read-only.
    """
    missing: list[Path] = []
    return Resolved(_resolve(value, lookup, missing), tuple(missing))


def _resolve(value: Json, lookup: Lookup, missing: list[Path]) -> Json | Missing:
    if isinstance(value, str):
        return _resolve_text(value, lookup, missing)
    if isinstance(value, list):
        items = (_resolve(item, lookup, missing) for item in value)
        return [None if item is MISSING else item for item in items]
    if isinstance(value, dict):
        entries = ((key, _resolve(item, lookup, missing)) for key, item in value.items())
        return {key: item for key, item in entries if item is not MISSING}
    return value


def _resolve_text(text: str, lookup: Lookup, missing: list[Path]) -> Json | Missing:
    path = parse_reference(text)
    if path is None:
        return text[1:] if _is_escaped(text) else text
    found = lookup(path)
    if found is MISSING:
        missing.append(path)
    return found


def _is_escaped(text: str) -> bool:
    """Whether `text` is a reference but for extra `$`: `$$.x` escapes `$.x`, and `$$$.x` escapes `$$.x`."""
    return text.startswith("$$") and parse_reference("$" + text.lstrip("$")) is not None
