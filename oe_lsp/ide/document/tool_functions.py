"""Finds functions in the source of a tool by pattern, without running it."""

from __future__ import annotations

import re

from engine.syntax import Span


def function_span(text: str, name: str | None, *, is_python: bool) -> Span | None:
    """Return the span of a function's name (the default one if `name` is None), or None if it is not found."""
    if is_python:
        patterns = [pattern.format(name=re.escape(name or "run")) for pattern in _PYTHON]
    else:
        patterns = [pattern.format(name=re.escape(name)) for pattern in _EXPORTS] if name else list(_DEFAULTS)
    for pattern in patterns:
        found = re.search(pattern, text, re.MULTILINE)
        if found is not None:
            return Span(*found.span("name"))
    return None


def functions(text: str, *, is_python: bool) -> tuple[str, ...]:
    """Return the functions that `impl` may name, in the order of the text; private ones are left out."""
    pattern = _PYTHON_FUNCTION if is_python else _EXPORTED_FUNCTION
    return tuple(dict.fromkeys(re.findall(pattern, text, re.MULTILINE)))


_PYTHON_FUNCTION = r"^(?:async[ \t]+)?def[ \t]+([A-Za-z]\w*)"
_EXPORTED_FUNCTION = (
    r"^[ \t]*(?:export[ \t]+(?:(?:async[ \t]+)?function(?:[ \t]*\*[ \t]*|[ \t]+)|(?:const|let|var)[ \t]+)"
    r"|(?:module\.)?exports\.(?!default\b|__esModule\b)(?=[\w$]+[ \t]*=))([\w$]+)"
)

_PYTHON = (
    r"^(?:async[ \t]+)?def[ \t]+(?P<name>{name})\b",
    r"^(?P<name>{name})[ \t]*(?::[^=\n]*)?=(?!=)",
    r"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?import\b[^\n]*\b(?P<name>{name})\b",
    r"^[ \t]+(?:async[ \t]+)?def[ \t]+(?P<name>{name})\b",
)
_DEFAULTS = (
    r"^[ \t]*export[ \t]+default[ \t]+(?:async[ \t]+)?function(?:[ \t]*\*)?[ \t]*(?P<name>[\w$]+)",
    r"^[ \t]*export[ \t]+(?P<name>default)\b",
    r"\bexports\.(?P<name>default)\b",
    r"(?P<name>\bmodule\.exports\b)",
)
_EXPORTS = (
    r"^[ \t]*export[ \t]+(?:async[ \t]+)?function(?:[ \t]*\*)?[ \t]*(?P<name>{name})(?![\w$])",
    r"^[ \t]*export[ \t]+(?:const|let|var|class)[ \t]+(?P<name>{name})(?![\w$])",
    r"^[ \t]*export[ \t]*\{{[^{{}}]*?(?<![\w$])(?P<name>{name})(?![\w$])",
    r"\bexports\.(?P<name>{name})(?![\w$])",
)
