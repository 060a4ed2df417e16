"""Hovers about runs: how a node went, what it returned, what a field held, what a placeholder inserted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from engine.experience.model import Merge, Node
from engine.expressions import Path
from engine.json_types import Json
from engine.log.events.counters import Sums
from engine.log.humanize import age, duration, place_text, plural, shortened, spent_text
from engine.log.reading.view import NodeStatus
from engine.report.executions import Execution
from engine.report.node_facts import NodeFacts, NotShown, Values
from engine.report.status_signs import SIGNS
from engine.visible import visible
from oe_lsp.ide import markdown
from oe_lsp.ide.hover.run_history import Inserted, PastExecution, RunHistory
from oe_lsp.ide.runs.planned_run import PlannedNode
from oe_lsp.ide.runs.shown_run import ShownRun

_LONGEST_LINE = 100
_MOST_BLOCK_LINES = 6
_MOST_OUTPUT_LINES = 14
"""Of all outputs together: a hover of more than about 25 lines scrolls."""

_MOST_INPUTS = 4
_MOST_REASONS = 3
_MOST_CHANGE_LINES = 6
_MOST_TRIES = 2
_LONGEST_TEXT = 4_000
_WORDS = {NodeStatus.CACHED: "restored"}


def describe_node_run(node_id: str, history: RunHistory) -> str:
    """How a node went in the shown run and in the last ones, and what a resume would do with it; empty if unknown."""
    known, plan = history.node(node_id), history.run.plan
    in_run = "" if known.facts is None else _in_run(node_id, known.facts, history.run)
    planned = None if plan is None else plan.of(node_id)
    return markdown.paragraphs([in_run, *_plan(planned), _past(known.past, history)])


def describe_field_value(name: str, merge: Merge, history: RunHistory) -> str:
    """What a field held last, and who wrote it; empty if it never had a value."""
    found = history.field(name, merge)
    if found is None:
        return ""
    run = f"run {markdown.code(history.run.summary.short_id)}"
    if isinstance(found, str):
        return f"Last value in {run} not shown: {_inline(found)}"
    source = f"written by {_name(found.written_by)}" if found.written_by is not None else "where the run started"
    return f"Last value in {run}, {source}:\n\n{markdown.block(_shown(found.value, _MOST_BLOCK_LINES))}"


def describe_inserted(node: Node, path: Path, history: RunHistory) -> str:
    """The text that a placeholder last had in the prompt of a node; empty if it had none."""
    found = history.inserted(node, path)
    if found is None:
        return ""
    head = f"Last text in run {markdown.code(history.run.summary.short_id)}{_for_item(found)}:"
    if not found.text:
        return f"{head} empty"
    return f"{head}\n\n{markdown.block(_cut(found.text.splitlines(), _MOST_BLOCK_LINES))}"


def _for_item(inserted: Inserted) -> str:
    return "" if inserted.item is None else f", item {inserted.item}"


def _in_run(node_id: str, facts: NodeFacts, run: ShownRun) -> str:
    vertex = run.view.nodes.get(node_id)
    spent = Sums() if vertex is None else vertex.spent
    head = f"**Run {run.summary.short_id}** · " + " · ".join(_headline(facts, spent, is_running=run.summary.is_running))
    whole = facts.whole
    lines = [head] if whole is None else [head, *_story(whole)]
    outputs = [] if whole is None else list(_outputs(facts.outputs.get(whole.place, {})))
    shown = outputs or list(_parts(facts))
    return markdown.paragraphs(["\n".join(lines), *_within(shown, _MOST_OUTPUT_LINES), _received(facts.inputs)])


def _headline(facts: NodeFacts, spent: Sums, *, is_running: bool) -> Iterator[str]:
    whole = facts.whole
    if whole is not None:
        yield _status(whole.status, is_running=is_running)
        if whole.produced_by is not None:
            yield f"from run {markdown.code(whole.produced_by.run_id[:8])}"
        if whole.duration_ms is not None:
            took = duration(whole.duration_ms)
            yield took if whole.produced_by is None else f"saved {took}"
    if facts.statuses:
        yield ", ".join(f"{count} {_word(status)}" for status, count in _in_order(facts.statuses))
    metrics = whole.metrics if whole is not None else None
    if text := spent_text(spent):
        yield text
    if metrics is not None and metrics.model:
        yield _inline(metrics.model)
    if whole is not None and whole.tries:
        yield plural(len(whole.tries) + 1, "attempt")


def _story(execution: Execution) -> Iterator[str]:
    """What went wrong, a bullet each."""
    for attempt in execution.tries[-_MOST_TRIES:]:
        yield f"- attempt {attempt.attempt} failed: {_inline(attempt.error.message)}"
    if execution.error is not None:
        yield f"- {_inline(execution.error.type)}: {_inline(execution.error.message)}"
    if execution.reason is not None:
        yield f"- {_inline(execution.reason)}"
    if execution.activity is not None:
        yield f"- {_inline(execution.activity)}"


def _outputs(values: Values) -> Iterator[str]:
    """The fields that an execution wrote and its edge output, a bullet or a bullet and a block each."""
    for name, value in values.items():
        label = _name(name) if name else "edge output"
        if isinstance(value, NotShown):
            yield f"- {label}: not shown: {_inline(value.why)}"
            continue
        text = _shown(value, _MOST_BLOCK_LINES)
        yield f"- {label}: {markdown.code(text)}" if "\n" not in text else f"- {label}:\n\n{markdown.block(text)}"


def _received(values: Values) -> str:
    """What the node received, a line each."""
    if not values:
        return ""
    lines = [f"- {_one_line(name, value)}" for name, value in list(values.items())[:_MOST_INPUTS]]
    more = [f"- … and {len(values) - _MOST_INPUTS} more"] if len(values) > _MOST_INPUTS else []
    return "\n".join(["Received:", *lines, *more])


def _parts(facts: NodeFacts) -> Iterator[str]:
    """A few items, iterations or inner nodes, a line each."""
    for part in (*facts.parts, *facts.inside):
        texts = [_status(part.status, is_running=True)]
        texts += [duration(part.duration_ms)] if part.duration_ms is not None else []
        values = facts.outputs.get(part.place, {})
        if part.error is not None:
            texts.append(_inline(part.error.message))
        elif values:
            texts.append(_one_line(*next(iter(values.items()))))
        yield f"- {_name(place_text(part.node_id, part.scope))}: {' · '.join(texts)}"
    hidden = sum(facts.statuses.values()) - len(facts.parts)
    if hidden > 0:
        yield f"- … and {hidden} more"


def _plan(planned: PlannedNode | None) -> Iterator[str]:
    if planned is None:
        return
    reasons = "; ".join(_inline(reason) for reason in planned.reasons[:_MOST_REASONS])
    yield f"**Resume**: {planned.answer}{': ' + reasons if reasons else ''}"
    lines = [line for _, change in planned.changes for line in change.splitlines()]
    if lines:
        more = [f"… {len(lines) - _MOST_CHANGE_LINES} more lines"] if len(lines) > _MOST_CHANGE_LINES else []
        cut = [shortened(line, _LONGEST_LINE) for line in lines[:_MOST_CHANGE_LINES]]
        yield markdown.block(visible("\n".join([*cut, *more])), "diff")


def _past(past: Sequence[PastExecution], history: RunHistory) -> str:
    if not past:
        return ""
    lines = []
    for each in past:
        status = _status(each.status, is_running=each.is_running)
        took = [] if each.duration_ms is None else [duration(each.duration_ms)]
        when = age(each.at, history.now)
        lines.append(" · ".join([f"- {status}", when, *took, f"run {markdown.code(each.run_id[:8])}"]))
    return "\n".join(["Last runs:", *lines])


def _status(status: NodeStatus, *, is_running: bool) -> str:
    """The sign and the word of a status. What had not ended when its run did was interrupted."""
    if status is NodeStatus.RUNNING and not is_running:
        return f"{SIGNS[NodeStatus.CANCELLED][0]} interrupted"
    return f"{SIGNS[status][0]} {_word(status)}"


def _word(status: NodeStatus) -> str:
    return _WORDS.get(status, status.value)


def _in_order(statuses: Mapping[NodeStatus, int]) -> Iterator[tuple[NodeStatus, int]]:
    return ((status, statuses[status]) for status in NodeStatus if statuses.get(status))


def _name(text: str) -> str:
    return markdown.code(shortened(visible(text), _LONGEST_LINE))


def _inline(text: str) -> str:
    """A text of a stranger as inline code, in one line."""
    first, _, rest = visible(text[:_LONGEST_TEXT]).strip().partition("\n")
    return markdown.code(shortened(first, 2 * _LONGEST_LINE) + (" …" if rest.strip() else "")) if first else ""


def _one_line(name: str, value: Json | NotShown) -> str:
    label = _name(name) if name else "edge output"
    if isinstance(value, NotShown):
        return f"{label}: not shown: {_inline(value.why)}"
    text = value.strip().partition("\n")[0] if isinstance(value, str) else value
    return f"{label}: {_name(_json(text))}"


def _shown(value: Json, most: int) -> str:
    """A value as text: one line if it fits in one, else at most so many, and how many more there are."""
    return _cut(_lines(value), most)


def _cut(lines: Sequence[str], most: int) -> str:
    more = [f"… {len(lines) - most} more lines"] if len(lines) > most else []
    cut = [shortened(line, _LONGEST_LINE) for line in lines[:most]]
    return visible("\n".join([*cut, *more]))


def _lines(value: Json) -> list[str]:
    """A text of several lines as it is; of a long list or object an element in each line."""
    if isinstance(value, str) and "\n" in value.strip():
        return value.strip().splitlines()
    written = _json(value)
    if len(written) <= _LONGEST_LINE:
        return [written]
    if isinstance(value, list):
        return [_json(element) for element in value]
    return [f"{key}: {_json(member)}" for key, member in value.items()] if isinstance(value, dict) else [written]


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _within(pieces: Sequence[str], most: int) -> list[str]:
    """Pieces of Markdown of at most so many lines together, single lines joined to one list."""
    parts: list[str] = []
    used = 0
    for number, piece in enumerate(pieces):
        used += piece.count("\n") + 1
        if used > most and number:
            return [*parts, f"… and {len(pieces) - number} more"]
        if parts and "\n\n" not in piece and "```" not in parts[-1]:
            parts[-1] += f"\n{piece}"
        else:
            parts.append(piece)
    return parts
