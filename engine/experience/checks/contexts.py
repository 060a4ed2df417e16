"""What checks are given: an item with everything around it, or the whole document."""

from __future__ import annotations

from typing import Any, Generic

from msgspec import Struct

from engine.experience.checks.path_resolution import Environment, Scope
from engine.experience.files.port import Files
from engine.experience.graph.node_context import Around
from engine.experience.graph.shape import Shape
from engine.experience.reading.items import Model
from engine.experience.reading.parts import Parts
from engine.syntax import Tree, View


class ItemContext(Struct, Generic[Model], frozen=True):
    """A node, edge, pipeline or loop, for the checks of one item.

    `scope` is what its list, condition or `for_each.source` may refer to; `inner` what each execution of a node may,
    `$item` included. Spans of problems are relative to the item, as those of `view` are.
    """

    model: Model
    view: View
    around: Around
    scope: Scope
    inner: Scope
    env: Environment


class DocumentContext(Struct, frozen=True):
    """A whole document, for the checks that look at more than one item. Spans of problems are of the text."""

    parts: Parts
    shape: Shape
    tree: Tree
    root: View
    files: Files

    @property
    def text(self) -> str:
        """The text of the document."""
        return self.tree.text


AnyItem = ItemContext[Any]
