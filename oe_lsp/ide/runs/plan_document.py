"""The plan of a resume as a Markdown document: what runs, why, and how it changed; then what is restored."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

from engine.log.humanize import about_money, duration
from engine.log.reading.summary import RunSummary
from engine.visible import visible
from oe_lsp.ide import markdown
from oe_lsp.ide.runs.code_lens import plan_text
from oe_lsp.ide.runs.planned_run import PlannedNode, PlannedRun

_HEADINGS = {
    "will run": "Will run",
    "will run if its predecessors succeed": "Will run if their predecessors succeed",
    "depends": "May be restored or run",
    "skipped": "Skipped",
    "restored": "Restored",
}
_MOST_PARTS = 10


def plan_document(run: RunSummary, plan: PlannedRun) -> str:
    """The document. Nothing in it was run."""
    return "\n".join(_lines(run, plan)) + "\n"


def _lines(run: RunSummary, plan: PlannedRun) -> Iterator[str]:
    yield f"# Plan: resume run {run.short_id} of {markdown.code(visible(run.experience))}"
    yield ""
    yield f"{plan_text(plan)}. Nothing has run yet."
    for answer, heading in _HEADINGS.items():
        nodes = list(plan.answered(answer))
        if nodes:
            yield f"\n## {heading} ({len(nodes)})\n"
            for node in nodes:
                yield from _node(node)


def _node(node: PlannedNode) -> Iterator[str]:
    took = duration(node.saved_ms) if node.saved_ms else ""
    saved = ", ".join(filter(None, (took, about_money(node.saved_usd or 0.0))))
    yield f"- {markdown.code(visible(node.node_id))}" + (f": saves {saved}" if saved else "")
    yield from _why(node, "  ")
    parts = [part for part in node.items if part.answer != "restored"]
    for part in parts[:_MOST_PARTS]:
        name = part.node_id if part.item is None else f"{part.part} {part.item}"
        yield f"  - {markdown.code(visible(name))}: {part.answer}"
        yield from _why(part, "    ")
    if len(parts) > _MOST_PARTS:
        yield f"  - and {len(parts) - _MOST_PARTS} more"


def _why(node: PlannedNode, indent: str) -> Iterator[str]:
    for reason in node.reasons:
        yield f"{indent}- {markdown.code(visible(reason))}"
    for part, difference in node.changes:
        if difference:
            yield f"\n{indent}  {markdown.code(visible(part))}\n"
            block = markdown.block(visible(_without_head(part, difference)), "diff")
            yield "\n".join(f"{indent}  {line}" for line in block.splitlines())
            yield ""


def _without_head(part: str, difference: str) -> str:
    """The lines below `part:`, with `-` and `+` first: editors colour only such lines."""
    head, _, lines = difference.partition("\n")
    return dedent(lines) if lines and head == f"{part}:" else difference
