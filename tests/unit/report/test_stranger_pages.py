"""A stranger's log on a page: every element and attribute is of our making, whatever the log says."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.log.events.events import (
    Cause,
    ErrorInfo,
    Event,
    Location,
    NodeActivity,
    NodeAttempt,
    NodeCancelled,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeWarning,
    RunWarning,
    Scope,
    ScopeKind,
)
from engine.report.page.page import run_page
from tests.pages.make_pages import page_of_run
from tests.support.generated_runs import GENERATED, written
from tests.unit.report.conftest import a_log, begun, completed, item, started, summary_of

NAMES = re.compile(r"(id|class|href|data-[a-z]+|aria-[a-z]+)")
OURS = re.compile(r"[a-z][a-z0-9-]*")
VOID = {"meta", "input", "link", "br", "hr", "img"}
SHAPES = {"path", "rect", "circle", "line"}
MARKUP = "\"'><svg onload=alert(1)><style>*{}</style></script></title>&lt;x\u202e\x1b[31m"


class Markup(HTMLParser):
    """The elements and attributes of a page, which must be well formed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.classes: set[str] = set()
        self.links: set[str] = set()
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._look(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES
        self._look(tag, attrs)

    def _look(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes |= set(values)
        self.ids += [values["id"]] if "id" in values else []
        self.classes |= set(values.get("class", "").split())
        self.links |= {values["href"]} if "href" in values else set()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.text += data


def hostile(text: str) -> list[Event]:
    """Events with the text wherever one can be."""
    error = ErrorInfo(text, text, Location(text, 1))
    return [
        begun(text, f"b{text}", f"c{text}", "d", "e", args={text: text}, state={text: [text]}),
        started(text),
        NodeActivity(node_id=text, activity=text),
        NodeWarning(node_id=text, message=text),
        NodeAttempt(node_id=text, attempt=1, attempt_id=text, level=text, error=error, wait_ms=1),
        completed(text, delta={text: {text: text}}, edge=text, parts={f"args.{text}": text, f"prompt {text}": text}),
        NodeFailed(node_id=f"b{text}", error=error),
        NodeSkipped(node_id=f"c{text}", reason=text, cause=Cause(node=text)),
        NodeCancelled(node_id="d", reason=text),
        NodeStarted(node_id="e", reasons=(text,)),
        *(completed("e", item("e", index), edge=text) for index in range(6)),
        completed(text, (*item("e", 0), Scope(ScopeKind.LOOP, text, iteration=3)), edge=text),
        RunWarning(message=text),
    ]


def test_elements_attributes_ids_and_classes_are_the_same_whatever_the_log_says() -> None:
    tame, wild = (Markup(page_of(hostile(text))) for text in ("tame", MARKUP))

    assert wild.tags == tame.tags
    assert wild.attributes == tame.attributes
    assert wild.ids == tame.ids
    assert wild.classes == tame.classes
    assert wild.links == tame.links
    assert len(wild.ids) == len(set(wild.ids))
    assert all(OURS.fullmatch(id_) for id_ in wild.ids)
    assert not any(name.startswith("on") or name == "style" for name in wild.attributes)
    assert "svg onload=alert(1)" in wild.text
    assert not {"\u202e", "\x1b"} & set(wild.text)


def test_megabytes_of_text_are_cut_everywhere() -> None:
    page = page_of(hostile("x" * 1_000_000))

    assert len(page) < 1_000_000
    assert "more characters in the log" in page


def test_a_generated_stranger_run_is_well_formed_and_small(tmp_path: Path) -> None:
    run = written(GENERATED["stranger"], tmp_path)

    page = page_of_run(run.store, run.run_id)

    markup = Markup(page)
    assert not any(name.startswith("on") or name == "style" for name in markup.attributes)
    assert len(page) < 1_000_000


def test_a_run_of_a_thousand_nodes_stays_under_two_megabytes(tmp_path: Path) -> None:
    run = written(GENERATED["nodes-1000"], tmp_path)

    page = page_of_run(run.store, run.run_id)

    assert len(page.encode()) < 2_000_000
    assert page.count('class="node"') == 1_000


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([begun()], "of 0 nodes"),
        ([begun("a", "b")], "interrupted"),
        ([begun("a"), started("a")], "running"),
        ([begun("a"), started("a", items=0)], "running"),
    ],
)
def test_a_run_without_much_has_a_page(events: list[Event], said: str) -> None:
    assert said in Markup(page_of(events)).text


def page_of(events: list[Event]) -> str:
    records = a_log(*events, step_ms=1)
    return run_page(records, summary_of(records))
