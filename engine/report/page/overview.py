"""The sections around the drawings and nodes: the head with its figures, the failure, args and state, the footer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from engine.log.events.events import Counts, Sums
from engine.log.humanize import counts_text, duration, money, shortened, spent_text, tokens_text
from engine.log.reading.summary import RunState, RunSummary
from engine.report.drawing.markup import Element, element
from engine.report.page.node_details import error_box
from engine.report.page.rows import Row, RowTable
from engine.report.page.section import RunOnPage
from engine.report.page.texts import ValueTexts, fitting_limit

_MOST_TEXT = 200_000
"""So many characters of args and state are on a page."""

_MOST_WARNINGS = 100
_LONGEST_WARNING = 4_000


_REDACTED = (
    "inputs, outputs, args, state, items, messages and literals in conditions are left out of this page. "
    "Ids, statuses, times and costs are those of the run."
)
_LINKS = (("graph", "Graph"), ("timeline", "Timeline"), ("tools", "Nodes"), ("args", "Args and state"))


class _Overview:
    """A section that is cheap enough to be compared as a whole after each change."""

    def __init__(self, run: RunOnPage) -> None:
        self._run = run

    def whole(self) -> Element:
        """All of it."""
        raise NotImplementedError

    def changed(self, vertices: Set[str]) -> Iterator[Element]:  # noqa: ARG002 - its figures may change with any
        """All of it."""
        yield self.whole()


class HeadSection(_Overview):
    """The name of the experience, how the run stands, and its figures."""

    def whole(self) -> Element:
        """All of it; `data-title` is the title of the document."""
        summary = self._run.summary
        head = element("header", *_head(self._run, summary), id="head")
        head.set("data-title", title_of(summary))
        return head


class FailureSection(_Overview):
    """The first error, and the command that resumes the run."""

    def whole(self) -> Element:
        """All of it."""
        return element("section", *_failure(self._run.summary), id="failure")


class ArgsSection(_Overview):
    """The args and the state that the run started with."""

    def whole(self) -> Element:
        """All of it."""
        return element("section", *_args_and_state(self._run), id="args")

    def changed(self, vertices: Set[str]) -> Iterator[Element]:  # noqa: ARG002 - the protocol
        """Nothing: a run starts once."""
        return iter(())


class WarningsSection(_Overview):
    """The warnings for the user."""

    def whole(self) -> Element:
        """All of it."""
        warnings = self._run.history.warnings
        if not warnings:
            return element("section", id="warnings")
        shown = [element("p", shortened(warning, _LONGEST_WARNING)) for warning in warnings[:_MOST_WARNINGS]]
        if len(warnings) > len(shown):
            shown.append(element("p", f"… and {len(warnings) - len(shown)} more in the log"))
        return element("section", element("h2", "Warnings"), _panel("Warnings", *shown), id="warnings")


class FooterSection(_Overview):
    """Where all of this comes from."""

    def whole(self) -> Element:
        """All of it."""
        started = self._run.history.started
        engine = (started.engine if started is not None else None) or "oe"
        return element("footer", f"{engine} · everything on this page comes from the log of the run", id="footer")


class SlotSection:
    """An empty place that a script fills, such as the plan of a resume."""

    def __init__(self, id_: str) -> None:
        self._id = id_

    def whole(self) -> Element:
        """The empty element."""
        return element("div", id=self._id)

    def changed(self, vertices: Set[str]) -> Iterator[Element]:  # noqa: ARG002 - the protocol
        """Nothing: what a script put there stays."""
        return iter(())


def title_of(summary: RunSummary) -> str:
    """The title of the document."""
    return f"{summary.experience} · {summary.outcome} · {summary.short_id}"


def _head(run: RunOnPage, summary: RunSummary) -> Iterator[Element]:
    started = run.history.started
    version = started.experience.version if started is not None and started.experience is not None else ""
    yield element(
        "div",
        element("h1", f"{summary.experience} {version}".strip()),
        element("span", summary.outcome, class_=f"badge {summary.state.value}"),
        element("nav", *(element("a", name, href=f"#{id_}") for id_, name in _LINKS), aria_label="Sections"),
        class_="head",
    )
    moment = summary.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    facts = [f"run {summary.run_id}", moment, *([f"on {started.host}"] if started and started.host else [])]
    yield element("p", " · ".join(facts), class_="subtle")
    if summary.follows is not None:
        yield element("p", summary.follows, class_="subtle")
    if run.redacted:
        yield element("p", element("b", "Redacted: "), _REDACTED, class_="callout notice")
    yield element("div", *(_tile(name, value) for name, value in _tiles(run, summary).items()), class_="tiles")


def _tiles(run: RunOnPage, summary: RunSummary) -> Mapping[str, str]:
    tiles = {
        f"of {summary.total} nodes": f"{summary.ended}",
        "duration": duration(summary.duration_ms) if summary.duration_ms is not None else "",
    }
    if summary.counts != Counts():
        tiles["outcomes"] = counts_text(summary.counts)
    spent = summary.spent
    if spent != Sums():
        tiles["spent"] = money(spent.cost_usd) or tokens_text(spent.tokens_in + spent.tokens_out)
        tiles["tokens in / out"] = f"{spent.tokens_in:,} / {spent.tokens_out:,}"
    if summary.inherited != Sums():
        tiles["inherited by restoring"] = spent_text(summary.inherited)
    if summary.original_run_id is not None and summary.kind is None and summary.lineage != Sums():
        tiles["spent with the runs it resumes"] = spent_text(summary.lineage)
    if run.history.saved_ms:
        tiles["saved by restoring"] = duration(run.history.saved_ms)
    return {name: value for name, value in tiles.items() if value}


def _tile(name: str, value: str) -> Element:
    return element("div", element("b", value), element("span", name), class_="tile")


def _failure(summary: RunSummary) -> Iterator[Element]:
    if summary.error is not None:
        yield error_box(summary.error, f"{summary.failed_at} failed")
    if summary.state in (RunState.SUCCESS, RunState.RUNNING):
        return
    if summary.why and summary.error is None:
        yield element("p", summary.why, class_="subtle")
    yield element(
        "p", "Resume with ", element("code", f"oe resume {summary.run_id}", class_="command"), class_="subtle"
    )


def _args_and_state(run: RunOnPage) -> Iterator[Element]:
    started = run.history.started
    if started is None:
        return
    texts = ValueTexts(run.values, run.read, redacted=run.redacted)
    rows = [Row(f"args.{name}", texts.put_out(value)) for name, value in started.args.items()]
    rows += [Row(f"state.{name}", texts.put_out(value)) for name, value in started.state.items()]
    if rows:
        limit = fitting_limit((row.text.length for row in rows if row.text is not None), _MOST_TEXT)
        yield element("h2", "Args and starting state")
        yield _panel("Args and starting state", RowTable(limit).table(rows))


def _panel(label: str, *children: Element) -> Element:
    """A box that the keyboard reaches, since its content may have to be scrolled."""
    return element("div", *children, class_="panel", role="region", aria_label=label, tabindex="0")
