"""Report of a run as plain text, for editors that show nothing else."""

from __future__ import annotations

from engine.log.humanize import duration
from engine.log.reading.summary import RunSummary
from engine.log.reading.view import NodeView, RunView
from engine.visible import visible
from oe_lsp.ide.runs.run_text import end_text, progress_text


def run_report(run: RunSummary, view: RunView) -> str:
    """Return a line for the run, one for each node in graph order, then the warnings."""
    head = f"{run.experience} · run {run.run_id} · "
    lines = [head + (f"running, {progress_text(run)}" if run.is_running else end_text(run))]
    width = max((len(node_id) for node_id in view.nodes), default=0)
    lines += [_node_line(node, width) for node in view.nodes.values()]
    lines += [f"warning: {warning}" for warning in view.warnings]
    return visible("\n".join(lines) + "\n")


def _node_line(node: NodeView, width: int) -> str:
    parts = [f"  {node.node_id:<{width}}  {node.effective_status().value:<9}"]
    if node.duration_ms is not None:
        parts.append(duration(node.duration_ms))
    if node.items is not None:
        parts.append(f"{node.items_ended}/{node.items} items")
    if node.error is not None:
        parts.append(node.error.message)
    elif node.reason is not None:
        parts.append(node.reason)
    return "  ".join(parts).rstrip()
