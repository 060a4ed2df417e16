"""What a resume would do, as the engine plans it, and how a page shows that before it starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, field

from engine.cache.decisions.decision import Answer
from engine.cache.plan.explanation import Change
from engine.expressions import MISSING
from engine.log.events.counters import Sums
from engine.log.humanize import duration, plural, spent_text
from engine.report.changes import change_lines
from engine.report.drawing.graph_box import BoxPlan
from engine.report.drawing.markup import Element, element
from engine.report.run_preview import estimate_text, need_lines, preview_from_json
from engine.report.status_signs import ANSWER_SIGNS, answers_text
from engine.runner.launch import plan_json
from engine.runner.launch_options import ResumeOptions
from engine.runner.preview import Preview

PLAN_ID = "plan"
"""The id of the element that the plan is put into."""

_MOST_NAMED = 10


class PlannedChange(Struct, frozen=True):
    """An input part that changed: its values, as far as they are known, or the lines that differ."""

    part: str
    before: Any = UNSET
    after: Any = UNSET
    diff: tuple[str, ...] = ()

    @property
    def diff_lines(self) -> list[str]:
        """The change as text."""
        if self.diff:
            return [f"{self.part}:", *(f"  {line}" for line in self.diff)]
        before, after = (MISSING if side is UNSET else side for side in (self.before, self.after))
        return change_lines(Change(self.part, before, after)) or [self.part]


class PlannedEntry(Struct, frozen=True, rename="camel"):
    """What a resume does with one node, pipeline or loop, and with each item, iteration or node in it (`items`)."""

    node_id: str
    answer: Answer
    reasons: tuple[str, ...] = ()
    item: int | None = None
    changes: tuple[PlannedChange, ...] = ()
    items: tuple[PlannedEntry, ...] = ()


class ResumePlan(Struct, frozen=True):
    """The plan of a resume. An isolated run of one node has neither entries nor a digest."""

    digest: str | None
    entries: tuple[PlannedEntry, ...]
    saved_ms: float
    saved: Sums
    preview: Preview

    @property
    def answers(self) -> dict[str, str]:
        """What happens to each vertex of the graph."""
        return {entry.node_id: entry.answer.value for entry in self.entries}

    @property
    def is_refused(self) -> bool:
        """Whether the engine refuses to start, since the first nodes lack something."""
        return any(need.stops for need in self.preview.needs)


def box_plans(entries: Iterable[PlannedEntry]) -> dict[str, BoxPlan]:
    """What to draw over a graph: entries without an index are of nodes."""
    return {
        entry.node_id: BoxPlan(entry.answer, entry.reasons, box_plans(entry.items))
        for entry in entries
        if entry.item is None
    }


class _Saved(Struct, rename="camel"):
    cost_usd: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0


class _PlanAsJson(Struct, rename="camel"):
    digest: str | None = None
    saved_ms: float = 0.0
    saved: _Saved = field(default_factory=_Saved)
    entries: tuple[PlannedEntry, ...] = ()


async def plan_of(command: Sequence[str]) -> ResumePlan:
    """The plan of `oe resume …`, from an engine that runs nothing. Raises EngineRefusedError and OSError."""
    text = await plan_json(command)
    read = msgspec.json.decode(text, type=_PlanAsJson)
    saved = Sums(cost_usd=read.saved.cost_usd, tokens_in=read.saved.tokens_in, tokens_out=read.saved.tokens_out)
    return ResumePlan(read.digest, read.entries, read.saved_ms, saved, preview_from_json(text))


def plan_element(plan: ResumePlan, run_id: str, options: ResumeOptions, note: str = "") -> Element:
    """The plan with the buttons that start the resume or drop it. `note` comes first."""
    title = element("h2", _title(run_id, options), id="plan-title", tabindex="-1")
    section = element("section", title, class_="plan", aria_labelledby="plan-title")
    for line in filter(None, (note, _totals(plan))):
        section.append(element("p", line))
    expected = plan.preview.estimate
    if expected.most or expected.open:
        section.append(element("p", f"It may make {estimate_text(expected)}", class_="calls"))
    section.extend(_needs(plan))
    if plan.entries:
        section.append(_table(plan.entries))
    section.append(_buttons(plan, options))
    return element("div", section, id=PLAN_ID)


def _title(run_id: str, options: ResumeOptions) -> str:
    if options.isolated is not None:
        return f"Run only {options.isolated}, on what it last received in run {run_id[:8]}"
    named = {"from": options.from_, "again": options.rerun, "accepting": options.accept}
    parts = [
        f"{word} {given if isinstance(given, str) else ', '.join(given)}" for word, given in named.items() if given
    ]
    return " ".join([f"Resume run {run_id[:8]}", *parts])


def _listed(addresses: str | list[str]) -> str:
    return addresses if isinstance(addresses, str) else ", ".join(addresses)


def _totals(plan: ResumePlan) -> str:
    counts = Counter(entry.answer for entry in plan.entries)
    said = ", ".join(answers_text(answer, counts[answer]) for answer in Answer if counts[answer])
    saved = ", ".join(filter(None, (duration(plan.saved_ms) if plan.saved_ms else "", spent_text(plan.saved))))
    return " ".join(filter(None, (f"{said}." if said else "", f"Restoring saves {saved}." if saved else "")))


def _needs(plan: ResumePlan) -> Iterator[Element]:
    needs = plan.preview.needs
    if not needs:
        return
    which = "without which the first nodes cannot run" if plan.is_refused else "for nodes that may run"
    yield element("p", f"Missing on this machine, {which}:", class_="missing")
    yield element("ul", *(element("li", line.strip()) for line in need_lines(needs)))


def _table(entries: Sequence[PlannedEntry]) -> Element:
    head = element("tr", *(element("th", name, scope="col") for name in ("node", "resume", "why")))
    rows = (_row(entry) for entry in entries)
    return element("table", element("thead", head), element("tbody", *rows), class_="plan")


def _row(entry: PlannedEntry) -> Element:
    row = element(
        "tr",
        element("th", entry.node_id, scope="row"),
        element("td", f"{ANSWER_SIGNS[entry.answer]} {entry.answer.value}"),
        element("td", *_why(entry)),
    )
    row.set("data-node", entry.node_id)
    return row


def _why(entry: PlannedEntry) -> Iterator[Element]:
    yield from (element("div", reason) for reason in entry.reasons)
    for change in entry.changes:
        yield element("pre", "\n".join(change.diff_lines))
    groups: dict[tuple[Answer, tuple[str, ...]], list[PlannedEntry]] = {}
    for part in entry.items:
        if part.answer is not Answer.RESTORED:
            groups.setdefault((part.answer, part.reasons), []).append(part)
    for (answer, reasons), parts in groups.items():
        names = ", ".join(part.node_id if part.item is None else str(part.item) for part in parts[:_MOST_NAMED])
        more = f" and {len(parts) - _MOST_NAMED} more" if len(parts) > _MOST_NAMED else ""
        why = f": {'; '.join(reasons)}" if reasons else ""
        yield element("div", f"{names}{more}: {answer.value}{why}")


def _buttons(plan: ResumePlan, options: ResumeOptions) -> Element:
    calls = plan.preview.estimate
    most = f"{'at least' if calls.open else 'up to'} {plural(calls.most, 'call')}"
    text = "Resume" if options.isolated is None else "Run"
    buttons = element("p", class_="buttons")
    if not plan.is_refused:
        start = element("button", f"{text}, with {most}" if calls.most or calls.open else text, type="button")
        start.set("data-action", "start")
        buttons.append(start)
    drop = element("button", "Do nothing", type="button")
    drop.set("data-action", "drop")
    buttons.append(drop)
    return buttons
