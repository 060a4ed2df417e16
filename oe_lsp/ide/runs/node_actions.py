"""What can be done with a node of an experience: resume a run from it, run only it, accept it, preview its prompt."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from engine.syntax import View
from engine.visible import visible
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.document.vertex_places import VertexPlace, vertex_places


class NodeActionKind(Enum):
    """Kind of action. RESUME is a resume with an option that names the node, COPY its command line."""

    RESUME = "resume"
    COPY = "copy"
    PREVIEW = "preview"


class NodeAction(Struct, frozen=True):
    """An action on `node_id`. `option` is that of `oe.resumeRun`: `from`, `isolated`, `rerun` or `accept`."""

    title: str
    kind: NodeActionKind
    node_id: str
    option: str = ""


_OPTIONS = {
    "from": "Run from {}",
    "isolated": "Run only {}, on what it last received",
    "rerun": "Run {} anyway, even if it could be restored",
    "accept": "Accept {} as it is, even if it changed",
}
_WITH_PROMPT = ("agent", "skill", "cli-agent")


def node_actions(snapshot: Snapshot, line: int) -> Iterator[NodeAction]:
    """Yield the actions of the node, pipeline or loop on a line (zero-based); none elsewhere."""
    found = vertex_on(snapshot, line)
    if found is None:
        return
    id_, kind, name = found.id, found.kind, visible(found.id)
    for option, title in _OPTIONS.items():
        if option != "isolated" or kind is not None:
            yield NodeAction(title.format(name), NodeActionKind.RESUME, id_, option)
    yield NodeAction(f"Copy the command: oe resume --from {name}", NodeActionKind.COPY, id_, "from")
    if kind in _WITH_PROMPT:
        yield NodeAction(f"Preview the prompt of {name}", NodeActionKind.PREVIEW, id_)


def prompt_places(root: View | None) -> Iterator[VertexPlace]:
    """Yield the place of each node that has a prompt."""
    return (place for place in vertex_places(root) if place.kind in _WITH_PROMPT)


def vertex_on(snapshot: Snapshot, line: int) -> VertexPlace | None:
    """The node, pipeline or loop on a line (zero-based); None where there is none."""
    lines = snapshot.analysis.lines
    for place in vertex_places(snapshot.analysis.tree.root):
        span = place.span
        if lines.position(span.start).line <= line <= lines.position(max(span.start, span.end - 1)).line:
            return place
    return None
