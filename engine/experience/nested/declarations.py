"""The interface of an experience to the nodes that nest it: its fields, its args, and the fields it reads and writes.

Nothing is known of a file with YAML errors or mistakes in its fields: checks/nested_experiences.py reports those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from engine.experience.reading.parsed_text import ParsedText


class Declarations(Struct, frozen=True):
    """What an experience declares: the schema of each field, and the schema of its args, None without one.

    `reads` and `writes` are the fields that anything in it names.
    """

    fields: Mapping[str, Mapping[str, Any]]
    args: Mapping[str, Any] | None
    reads: frozenset[str]
    writes: frozenset[str]


def declarations_of(parsed: ParsedText) -> Declarations | None:
    """The declarations of one text alone; None if not all of them can be known."""
    parts = parsed.parts
    if parts is None or parsed.tree.problems or parts.fields.view is None:
        return None
    if not all(section.known_whole for section in parts.all if section.view):
        return None
    if not all(item.model for item in parts.fields.items):
        return None
    uses = [use for section in parts.all for item in section.items for use in item.uses]
    args = parts.shell.value.get("args")
    return Declarations(
        {field.name: field.schema for field in parts.fields.models()},
        args if isinstance(args, Mapping) else None,
        frozenset(use.field for use in uses if use.by != "writes"),
        frozenset(use.field for use in uses if use.by == "writes"),
    )
