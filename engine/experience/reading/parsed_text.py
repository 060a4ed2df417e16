"""The text of an experience.yaml as a tree and its parts, without checks."""

from __future__ import annotations

from msgspec import Struct

from engine.experience.reading.parts import Parts, read_parts
from engine.syntax import NodeKind, Tree, parse


class ParsedText(Struct, frozen=True):
    """A text, its tree, and its parts, or None if the top level is not a mapping."""

    text: str
    tree: Tree
    parts: Parts | None


def parse_text(text: str, previous: ParsedText | None = None) -> ParsedText:
    """Parses a text, reusing what did not change since `previous`. Never raises."""
    tree = parse(text, previous.tree if previous else None)
    if tree.root is None or tree.root.kind is not NodeKind.MAPPING:
        return ParsedText(text, tree, None)
    return ParsedText(text, tree, read_parts(tree.root, previous.parts if previous else None))
