"""Input parts from nesting nodes: their `uses`, `env` and `cache_key` apply to everything inside."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from engine.cache.keys.globs import matching
from engine.cache.keys.input_hash import value_parts
from engine.experience.model import Node

_OF_NESTING = ("cache_key", "env")
"""Keys of a nesting node that hold for all that runs inside; `uses` is the third."""


class NestingNode(Struct, frozen=True):
    """A node that nests an experience, and the folder of the experience that it belongs to."""

    directory: Path
    node: Node

    def spec(self) -> dict[str, str]:
        """The parts that its keys give to all that runs inside."""
        named = {key: value for key, value in self.node.source.items() if key in _OF_NESTING}
        return value_parts(f"{self.node.id}.spec", named)

    def files(self) -> dict[str, Path]:
        """The files that it uses, by part name."""
        return {f"{self.node.id}.uses {name}": path for name, path in used_files(self.node, self.directory).items()}


def used_files(node: Node, directory: Path) -> dict[str, Path]:
    """The files and links to folders that `uses` matches; globs without matches have no part."""
    globs = node.source.get("uses")
    if not isinstance(globs, list):
        return {}
    return matching(directory, (glob for glob in globs if isinstance(glob, str))).all
