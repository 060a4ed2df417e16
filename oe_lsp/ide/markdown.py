"""Markdown for hovers and completion: schema rules, code, lists of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from oe_lsp.ide.document.schema_lookup import values_of
from oe_lsp.ide.yaml_text import as_yaml

_MARKS = re.compile(r"\*\*|`+")
_MOST_NAMES = 12
_MOST_EXAMPLES = 2


def of_rule(rule: Mapping[str, Any]) -> str:
    """Return a schema rule as text: description, values, default, examples."""
    parts = [str(rule.get("description", ""))]
    values = values_of(rule)
    if any(meaning for _, meaning in values):
        parts.append("\n".join(f"- {code(as_yaml(value))}: {meaning}" for value, meaning in values))
    if "default" in rule:
        parts.append(f"Default: {code(as_yaml(rule['default']))}")
    examples = rule.get("examples")
    if isinstance(examples, list) and examples and not values:
        shown = [as_yaml(example) for example in examples[:_MOST_EXAMPLES]]
        parts.append(f"{'Examples' if len(shown) > 1 else 'Example'}: {', '.join(map(code, shown))}")
    return paragraphs(parts)


def paragraphs(parts: Iterable[str]) -> str:
    """Join the non-empty parts with blank lines."""
    return "\n\n".join(part for part in parts if part)


def code(text: str) -> str:
    """Return text as inline code, also if it contains backticks."""
    fence = "`"
    while fence in text:
        fence += "`"
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def block(text: str, language: str = "text") -> str:
    """Return text as a code block."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def names(found: Iterable[str]) -> str:
    """Return names as inline code, without duplicates, at most twelve."""
    listed = list(dict.fromkeys(found))
    shown = ", ".join(map(code, listed[:_MOST_NAMES]))
    return f"{shown} and {len(listed) - _MOST_NAMES} more" if len(listed) > _MOST_NAMES else shown


def plain(markdown: str) -> str:
    """Strip the Markdown that these functions produce."""
    lines = (line for line in markdown.splitlines() if not line.startswith("```"))
    return _MARKS.sub("", "\n".join(lines))
