"""Finds the relative imports in the text of a JavaScript source. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

# Bounded: the text after a `from` may be one long comment, or many.
_GAP = r"\s*(?:(?:/\*(?:[^*]|\*(?!/)){0,1000}\*/|//[^\n]{0,1000}\n)\s*){0,10}"
_IMPORT = re.compile(
    rf"""(?<![\w$.])(?:from|import|require(?:\.resolve)?){_GAP}(?:\({_GAP})?(?P<quote>['"`])(?P<path>\.\.?/[^'"`\n]*)(?P=quote)"""
)
"""`from './x'`, `import './x'`, `import('./x')`, `require('./x')`. An import in a comment counts as well: to
recognise comments takes a whole parser, and the worst consequence is that a node runs once more.
"""

SUFFIXES = (".js", ".mjs", ".cjs", ".json", ".ts", ".mts", ".cts")
"""Suffixes tried where a path has none: those of `require`, and more, since a file that exists may be meant."""

COMPILED = {".js": ".ts", ".mjs": ".mts", ".cjs": ".cts"}
"""The suffixes that TypeScript compiles to, with those of the sources."""

SCANNED = frozenset(SUFFIXES) - {".json"}
"""The suffixes of files that can import in turn."""


def javascript_imports(source: bytes) -> frozenset[str]:
    """The relative paths that `source` imports: static, `import()`, re-exports and `require`."""
    if b"'." not in source and b'".' not in source and b"`." not in source:
        return frozenset()
    text = source.decode("utf-8", "replace")
    return frozenset(_path(found["path"]) for found in _IMPORT.finditer(text) if "${" not in found["path"])


def _path(written: str) -> str:
    """A module specifier is a URL: what follows ? and # is not part of the path."""
    return unquote(re.split(r"[?#]", written, maxsplit=1)[0])
