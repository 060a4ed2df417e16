"""What stands around the page of a run: the list of runs, what is new, and the buttons."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from engine.file_names import as_on_disk
from engine.log.humanize import about_money, duration
from engine.log.reading.summary import RunSummary
from engine.page_server.urls import compare_url, newest_url, run_url
from engine.report.drawing.markup import Element, element

_NODE_ACTIONS = {
    "from": ("Run from here", "Run this node again, and everything after it"),
    "rerun": ("Run again", "Run this node, even if it could be restored"),
    "accept": ("Accept as is", "Restore this node, even if it changed"),
    "isolated": ("Run only this", "Run only this node, on what it last received; nothing after it"),
}
"""By option of `oe resume`: what its button says, and what it does."""


class Surroundings(Struct, frozen=True):
    """What pages say of all runs of a folder: the runs, the newest first, and the one that `latest` means."""

    folder: Path
    runs: Sequence[RunSummary] = ()
    newest: str | None = None
    may_act: bool = True

    def elements(
        self, run_id: str | None, summary: RunSummary | None, notice: str, *, is_cancelled: bool = False
    ) -> list[Element]:
        """The elements around the page of a run, which is None where none is shown."""
        return [
            self._list(run_id),
            self._newest(run_id),
            element("p", notice or None, id="notice", class_="notice", role="status"),
            self._actions(run_id, summary, is_cancelled=is_cancelled),
        ]

    def _list(self, run_id: str | None) -> Element:
        """The other runs, as links."""
        if not self.runs:
            return element("nav", id="runs", aria_label="Runs")
        head = element(
            "tr", *(element("th", name, scope="col") for name in ("run", "status", "started", "took", "cost"))
        )
        if run_id is not None:
            head.append(element("th", "compare", scope="col"))
        rows = (element("tr", *self._cells(run, run_id)) for run in self.runs)
        table = element("table", element("thead", head), element("tbody", *rows), class_="runs")
        details = element("details", element("summary", "Runs"), table, id="run-list")
        return element("nav", details, id="runs", aria_label="Runs")

    def _cells(self, run: RunSummary, shown: str | None) -> Iterator[Element]:
        link = element("a", run.short_id, href=run_url(run.run_id))
        if run.run_id == shown:
            link.set("aria-current", "page")
        yield element("th", link, scope="row")
        yield element("td", run.status_text)
        yield element("td", run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"))
        yield element("td", None if run.duration_ms is None or run.is_running else duration(run.duration_ms))
        yield element("td", about_money(run.spent.cost_usd or 0.0))
        if shown is not None:
            other = element("a", "compare", href=compare_url(run.run_id, shown)) if run.run_id != shown else None
            if other is not None:
                other.set("aria-label", f"Compare run {run.short_id} with this one")
            yield element("td", other)

    def _newest(self, run_id: str | None) -> Element:
        """Says that a newer run has begun; `data-newest` is its id, for pages that follow the newest one."""
        newest = self.newest
        place = element("p", id="newest", class_="notice", role="status")
        if newest is not None and newest != run_id:
            url = newest_url(newest)
            place.set("data-url", url)
            place.append(element("a", f"Show run {newest[:8]}, the newest", href=url))
        return place

    def _actions(self, run_id: str | None, summary: RunSummary | None, *, is_cancelled: bool) -> Element:
        """The buttons, hidden until a script is there that makes them work."""
        section = element("section", id="actions", aria_label="Actions", hidden="hidden", class_="actions")
        if run_id is None or summary is None or not self.may_act:
            return section
        command = ["oe", "resume", run_id, "--experience", str(experience_of(self.folder, summary))]
        section.set("data-url", run_url(run_id))
        section.set("data-command", shlex.join(command))
        if summary.is_running:
            again = "Kill what still runs" if is_cancelled else "Cancel run"
            section.append(_button("cancel", again, "Start no more nodes, and stop those that run"))
        elif summary.kind is None:
            section.append(_button("resume", "Resume…", "Show what a resume would restore and run"))
        if summary.kind is None:
            section.append(_button("copy", "Copy command", "Copy the command line that resumes this run"))
            section.append(_node_buttons(is_running=summary.is_running))
        return section


def experience_of(folder: Path, run: RunSummary) -> Path:
    """The file of a run's experience in `folder`, or the folder itself where the log does not name one that exists."""
    file = folder / as_on_disk(run.file_name)
    return file if run.file_name and file.is_file() else folder


def _node_buttons(*, is_running: bool) -> Element:
    """The buttons for the selected node, hidden while none is selected."""
    group = element("span", element("b", class_="selected"), " ", hidden="hidden", class_="node-actions", role="group")
    group.set("aria-label", "The selected node")
    if not is_running:
        for action, (text, title) in _NODE_ACTIONS.items():
            group.append(_button(action, f"{text}…", title))
    return group


def _button(action: str, text: str, title: str) -> Element:
    button = element("button", text, type="button", title=title, id=f"action-{action}")
    button.set("data-action", action)
    return button
