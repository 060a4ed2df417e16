"""What nests what runs: a node's `uses`, `env` and `cache_key` hold for all that runs in the experience it nests."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from engine.cache.keys.globs import matching
from engine.cache.keys.input_hash import value_parts
from engine.experience.model import Node

_OF_NESTING = ("cache_key", "env")
"""What a node that nests an experience says of all that runs in it; `uses` is the third."""


class NestingNode(Struct, frozen=True):
    """A node that nests an experience, and the folder of the one that it belongs to."""

    directory: Path
    node: Node

    def spec(self) -> dict[str, str]:
        """The parts that its keys are in all that runs within it."""
        named = {key: value for key, value in self.node.source.items() if key in _OF_NESTING}
        return value_parts(f"{self.node.id}.spec", named)

    def files(self) -> dict[str, Path]:
        """The files that it uses, by the name of their part."""
        return {f"{self.node.id}.uses {name}": path for name, path in used_files(self.node, self.directory).items()}


def used_files(node: Node, directory: Path) -> dict[str, Path]:
    """The files that `uses` names, and links to folders; globs that match nothing are no part of anything."""
    globs = node.source.get("uses")
    if not isinstance(globs, list):
        return {}
    return matching(directory, (glob for glob in globs if isinstance(glob, str))).all
