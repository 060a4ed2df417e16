"""What a JavaScript source imports by a relative path, as far as its text says so. Nothing is run. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

# Bounded, since all that follows a `from` may look like one comment, and be full of them.
_GAP = r"\s*(?:(?:/\*(?:[^*]|\*(?!/)){0,1000}\*/|//[^\n]{0,1000}\n)\s*){0,10}"
_IMPORT = re.compile(
    rf"""(?<![\w$.])(?:from|import|require(?:\.resolve)?){_GAP}(?:\({_GAP})?(?P<quote>['"`])(?P<path>\.\.?/[^'"`\n]*)(?P=quote)"""
)
"""`from './x'`, `import './x'`, `import('./x')`, `require('./x')`. One that stands in a comment counts as well: asking
what is a comment takes a whole parser, and the worst that comes of it is a node that runs once more.
"""

SUFFIXES = (".js", ".mjs", ".cjs", ".json", ".ts", ".mts", ".cts")
"""What `require` tries where a path has no suffix, and then some: a file that is there is one that may be meant."""

COMPILED = {".js": ".ts", ".mjs": ".mts", ".cjs": ".cts"}
"""What a compiler of TypeScript makes, and of what."""

SCANNED = frozenset(SUFFIXES) - {".json"}
"""The suffixes of files that can import in turn."""


def javascript_imports(source: bytes) -> frozenset[str]:
    """The relative paths that `source` imports: static, `import()`, re-exports and `require`."""
    if b"'." not in source and b'".' not in source and b"`." not in source:
        return frozenset()
    text = source.decode("utf-8", "replace")
    return frozenset(_path(found["path"]) for found in _IMPORT.finditer(text) if "${" not in found["path"])


def _path(written: str) -> str:
    """A module's specifier is the address of its file: what follows ? and # is no part of the path."""
    return unquote(re.split(r"[?#]", written, maxsplit=1)[0])
