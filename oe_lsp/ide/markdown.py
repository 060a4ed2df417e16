"""Markdown for hovers and completion: schema rules, code, lists of names."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from oe_lsp.ide.document.schema_lookup import values_of
from oe_lsp.ide.yaml_text import as_yaml

_TICKS = re.compile("`+")
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
    """Strip the Markdown that these functions produce. What is code stays as it is."""
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if fence:
            if line == fence:
                fence = ""
            else:
                lines.append(line)
        elif len(ticks) >= 3 and "`" not in line[len(ticks) :]:
            fence = ticks
        else:
            lines.append("".join(_unmarked(line)))
    return "\n".join(lines)


def _unmarked(line: str) -> Iterator[str]:
    """Yield the parts of a line without marks. A code span ends with as many backticks as it begins with."""
    runs = [found.span() for found in _TICKS.finditer(line)]
    ends: dict[int, deque[int]] = {}
    for start, end in runs:
        ends.setdefault(end - start, deque()).append(start)
    done = 0
    for start, end in runs:
        if start < done:
            continue
        same = ends[end - start]
        while same and same[0] <= start:
            same.popleft()
        yield line[done:start].replace("**", "")
        done = end
        if same:
            code = line[end : same[0]]
            yield code[1:-1] if code.startswith(" `") or code.endswith("` ") else code
            done = same[0] + end - start
    yield line[done:].replace("**", "")
