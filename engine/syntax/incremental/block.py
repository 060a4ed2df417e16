"""The parsed content of consecutive lines, kept with their text for reuse."""

from __future__ import annotations

from msgspec import Struct

from engine.syntax.green_tree import Green
from engine.syntax.problems import SyntaxProblem
from engine.syntax.yaml.reader import Anchors, Reading


class Block(Struct, gc=False):
    """The node and the problems of `text`; all offsets are from its start (code points)."""

    text: str
    node: Green | None
    start: int
    problems: tuple[SyntaxProblem, ...] = ()
    defines: tuple[tuple[str, Green], ...] = ()
    uses: tuple[tuple[str, Green | None], ...] = ()
    failed: bool = False
    """Whether PyYAML refuses the text."""
    settled: bool = True
    """Whether this holds whatever follows the text; not when something is open at its end."""
    parts: dict[str, Block] | None = None
    """Its pieces by their text, where it was divided."""
    divided: dict[str, Block] | None = None
    """The pieces that were divided further, by their first line."""

    @property
    def plain(self) -> bool:
        """Whether it has no problems, anchors and aliases."""
        return not (self.problems or self.defines or self.uses)

    def holds(self, anchors: Anchors) -> bool:
        """Whether it reads the same after `anchors`: those of the text before it."""
        return all(anchors.nodes.get(name) is target for name, target in self.uses) and (
            self.expansion <= anchors.allowance
        )

    def add_to(self, anchors: Anchors) -> None:
        """Add its anchors and the expansion of its aliases to `anchors`."""
        anchors.add(self.defines, self.expansion)

    @property
    def expansion(self) -> int:
        """How much text its aliases expand to, in code points."""
        return self.node.expansion if self.node and (self.uses or self.defines) else 0


def block_of(text: str, reading: Reading) -> Block:
    """Return the block of a text that was read as a whole."""
    return Block(
        text,
        reading.node,
        reading.start,
        reading.problems if reading.failure is None else (*reading.problems, reading.failure.as_problem()),
        reading.defines,
        reading.uses,
        failed=reading.failure is not None,
    )
