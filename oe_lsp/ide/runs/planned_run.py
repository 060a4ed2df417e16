"""A plan as an editor shows it: what a resume would restore, what it would run, and why."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from oe_lsp.ide.runs.start_preview import StartPreview


class PlannedNode(Struct, frozen=True, omit_defaults=True):
    """The answer for a node, or for a part of one, at the index `item`: an item, or an iteration.

    `answer` and `reasons` are as in docs/resume.md, The plan as JSON; `changes` has the input parts that have changed,
    each with the difference as text. Restoring saves `saved_ms` milliseconds and `saved_usd` dollars, None where a
    price is unknown. `fails_again`: it or a part of it failed, and nothing that is known of its inputs has changed
    since.
    """

    node_id: str
    answer: str
    reasons: tuple[str, ...] = ()
    saved_ms: float = 0.0
    saved_usd: float | None = 0.0
    changes: tuple[tuple[str, str], ...] = ()
    item: int | None = None
    part: str = "item"
    items: tuple[PlannedNode, ...] = ()
    fails_again: bool = False


class PlannedRun(Struct, frozen=True):
    """The plan of resuming `run_id`, with the `digest` that a resume can require, and what restoring saves."""

    run_id: str
    digest: str
    saved_ms: float
    saved_usd: float | None
    nodes: tuple[PlannedNode, ...]
    preview: StartPreview = StartPreview()

    def of(self, node_id: str) -> PlannedNode | None:
        """The answer for a vertex of the graph; None for one that is new."""
        return next((node for node in self.nodes if node.node_id == node_id), None)

    def answered(self, *answers: str) -> Iterator[PlannedNode]:
        """The vertices with one of these answers."""
        return (node for node in self.nodes if node.answer in answers)
