"""Parses a text into a tree, within the limits of a document as a whole."""

from __future__ import annotations

from msgspec import Struct

from engine.syntax.document_bounds import first_document
from engine.syntax.green_tree import NodeKind
from engine.syntax.incremental.assemble import Assembler
from engine.syntax.incremental.block import Block
from engine.syntax.lines import LineIndex
from engine.syntax.problems import SyntaxCode, SyntaxProblem
from engine.syntax.spans import Span
from engine.syntax.tree_view import View
from engine.syntax.yaml.character_substitutes import unprintable
from engine.syntax.yaml.reader import MAX_DEPTH, Anchors, too_deep

MAX_FILE_BYTES = 5 * 1024 * 1024
"""The largest experience that is read, and the largest schema, settings or other text file beside one."""

MAX_EXPANSION = 10
"""How many times its own size a document may expand to through aliases."""


class Tree(Struct, frozen=True, eq=False):
    """The tree of a text. `root` is None for a text without content; `problems` are in the order of the text."""

    text: str
    root: View | None
    problems: tuple[SyntaxProblem, ...]
    lines: LineIndex
    block: Block | None
    """What the next parse can reuse."""

    def node_at(self, offset: int) -> tuple[View, ...]:
        """Return the nodes that `offset` (code points) touches, from the root to the innermost."""
        return self.root.path_to(offset) if self.root else ()


def parse(text: str, previous: Tree | None = None) -> Tree:
    """Return the tree of a text; never raises.

    The result depends on the text alone: `previous`, the tree of an earlier state of it, makes parsing faster,
    and parts that did not change are then the same green nodes. Rules and limits: docs/format.md, Reading.
    """
    if _is_too_large(text):
        message = "The file is larger than 5 MiB; move data into files that its nodes read"
        problem = SyntaxProblem(SyntaxCode.TOO_LARGE, message, Span(0, len(text)))
        return Tree(text, None, (problem,), LineIndex(text), None)
    extent = first_document(text)
    begin = extent.begin
    assembler = Assembler(text[begin : extent.end], Anchors(MAX_EXPANSION * (extent.end - begin)))
    block = assembler.document_block(previous.block if previous else None)
    root = View(block.node, begin + block.start) if block.node and block.node.length else None
    problems = [problem.shift(begin) for problem in block.problems]
    problems += [*extent.problems, *unprintable(text), *_too_deep(root)]
    problems.sort(key=lambda problem: problem.span.start)
    return Tree(text, root, tuple(problems), LineIndex(text), block)


def _is_too_large(text: str) -> bool:
    if len(text) * 4 <= MAX_FILE_BYTES:
        return False
    return len(text) > MAX_FILE_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_FILE_BYTES


def _too_deep(root: View | None) -> list[SyntaxProblem]:
    """Return a problem when collections are nested too deeply across blocks that are each within the limit."""
    if root is None or root.green.depth <= MAX_DEPTH:
        return []
    view = root
    for _ in range(MAX_DEPTH):
        children = [*view.items(), *[part for entry in view.entries() for part in (entry.key, entry.value) if part]]
        view = max(children, key=lambda child: child.green.depth)
        if view.kind is NodeKind.ALIAS:
            break
    return [too_deep(view.start).as_problem()]
