"""Builds snippets (a node of each kind, an edge, a field …) from the examples in the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from oe_lsp.ide.completion.offer import escaped
from oe_lsp.ide.yaml_text import as_yaml


def block_lines(example: Mapping[str, Any], fixed: Mapping[str, Any]) -> list[str]:
    """Return the lines of a block mapping whose values are placeholders, except those in `fixed`."""
    numbers = count(1)
    return [f"{key}: {_placeholder(value, key in fixed, numbers)}" for key, value in {**example, **fixed}.items()]


def flow(example: Mapping[str, Any], fixed: Mapping[str, Any]) -> str:
    """Return a flow mapping whose values are placeholders, except those in `fixed`."""
    return f"{{ {', '.join(block_lines(example, fixed))} \\}}"


def _placeholder(value: Any, is_fixed: bool, numbers: Iterator[int]) -> str:
    if is_fixed:
        return escaped(as_yaml(value))
    if isinstance(value, Mapping) and value:
        inner = ", ".join(f"{key}: {_placeholder(member, False, numbers)}" for key, member in value.items())
        return f"{{ {inner} \\}}"
    if isinstance(value, list) and value and not isinstance(value[0], list | dict):
        return f"[${{{next(numbers)}:{escaped(', '.join(map(as_yaml, value)))}}}]"
    return f"${{{next(numbers)}:{escaped(as_yaml(value))}}}"
