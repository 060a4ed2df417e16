"""What a stretch of lines says, kept with its text so that it need not be read again."""

from __future__ import annotations

from msgspec import Struct

from engine.syntax.green_tree import Green
from engine.syntax.problems import SyntaxProblem
from engine.syntax.yaml.reader import Anchors, Reading


class Block(Struct, gc=False):
    """The meaning of `text`; all offsets are from its start (code points)."""

    text: str
    node: Green | None
    start: int
    problems: tuple[SyntaxProblem, ...] = ()
    defines: tuple[tuple[str, Green], ...] = ()
    uses: tuple[tuple[str, Green | None], ...] = ()
    failed: bool = False
    """Whether PyYAML refuses the text."""
    settled: bool = True
    """Whether this is so whatever follows the text; not so when something is open at its end."""
    parts: dict[str, Block] | None = None
    """Its own pieces by their text, where it was divided."""
    divided: dict[str, Block] | None = None
    """Those of its pieces that were divided again, by their first line."""

    @property
    def plain(self) -> bool:
        """Whether it has nothing to report and nothing to do with anchors."""
        return not (self.problems or self.defines or self.uses)

    def holds(self, anchors: Anchors) -> bool:
        """Whether it still says the same after what `anchors` saw before it."""
        return all(anchors.nodes.get(name) is target for name, target in self.uses) and (
            self.expansion <= anchors.allowance
        )

    def leave_to(self, anchors: Anchors) -> None:
        """Tell `anchors` what it defines and what it spends."""
        anchors.add(self.defines, self.expansion)

    @property
    def expansion(self) -> int:
        """How much text its aliases stand for."""
        return self.node.expansion if self.node and (self.uses or self.defines) else 0


def block_of(text: str, reading: Reading) -> Block:
    """Return a block that was read in one go."""
    return Block(
        text,
        reading.node,
        reading.start,
        reading.problems if reading.failure is None else (*reading.problems, reading.failure.as_problem()),
        reading.defines,
        reading.uses,
        failed=reading.failure is not None,
    )
