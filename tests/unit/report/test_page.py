"""The page of a run: all that it shows is data, and it needs nothing but itself."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from engine.canonical import hash_value
from engine.log.events.events import (
    Counts,
    ErrorInfo,
    NodeActivity,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeWarning,
)
from engine.report.page.page import run_page
from tests.unit.report.conftest import a_log, begun, completed, item, picture, started, summary_of

HOSTILE = "</style></pre><script>alert('x')</script><img src=https://evil.example/x onerror=alert(1)>\"'&\x1b[31m\x00"


class Page(HTMLParser):
    """What a browser would make of a page: its elements, the addresses that it would ask, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_page() -> str:
    records = a_log(
        begun("a", "b", "c", args={HOSTILE: HOSTILE}, state={"s": [HOSTILE]}),
        started("a"),
        NodeActivity(node_id="a", activity=HOSTILE),
        NodeWarning(node_id="a", message=HOSTILE),
        completed("a", delta={HOSTILE: HOSTILE}, edge={HOSTILE: [HOSTILE]}, parts={f"args.{HOSTILE}": "0" * 12}),
        NodeFailed(node_id="b", error=ErrorInfo("E", HOSTILE)),
        NodeSkipped(node_id="c", reason=HOSTILE),
    )
    return run_page(records, summary_of(records))


def test_outputs_never_become_markup() -> None:
    page = Page(hostile_page())

    assert page.tags.count("script") == 1
    assert not {"img", "iframe", "link", "object", "base", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "alert('x')" in page.text


def test_the_page_asks_nobody_for_anything() -> None:
    page = Page(hostile_page())

    addresses = [value for name, value in page.attributes if name in ("href", "src", "action", "xlink:href")]
    assert addresses
    assert all(address.startswith("#") for address in addresses)
    policy = next(value for name, value in page.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "url(" not in hostile_page()
    assert "@import" not in hostile_page()


def test_control_characters_are_shown_as_pictures() -> None:
    text = hostile_page()

    assert "\x00" not in text
    assert "\x1b" not in text
    assert "␛[31m␀" in text


def test_inputs_and_outputs_stand_at_their_node() -> None:
    records = a_log(
        begun("a", "b", args={"city": "Oslo"}),
        completed("a", edge={"warm": True}, parts={"runArgs.city": hash_value("Oslo")[:12]}),
        completed("b", delta={"mean": 12.5}, parts={"edges.a": hash_value({"warm": True})[:12], "impl b.py": "f" * 12}),
    )

    text = Page(run_page(records, summary_of(records))).text

    assert "runArgs.cityOslo" in text
    assert 'edges.a{"warm": true}' in text
    assert "writes mean12.5" in text
    assert "impl b.py (ffffffffffff)" in text


def test_an_input_that_the_log_does_not_hold_is_its_hash() -> None:
    records = a_log(begun("a"), completed("a", parts={"args.x": "abcdefabcdef"}))

    assert "args.xhash abcdefabcdef" in Page(run_page(records, summary_of(records))).text


def test_the_first_failure_and_the_way_on_stand_at_the_top() -> None:
    records = a_log(begun("a"), NodeFailed(node_id="a", error=ErrorInfo("E", "the disk is full")))

    text = run_page(records, summary_of(records))

    assert text.index("a failed") < text.index("<h2>Graph")
    assert f"oe resume {records[0].run_id}" in text


def test_the_graph_links_to_the_details_of_each_node() -> None:
    records = a_log(begun("a", "b"), completed("a"), completed("b"))
    nodes = "- {id: a, kind: tool, impl: t.py}\n- {id: b, kind: agent, prompt: hello there, writes: [x]}"
    drawn = picture(nodes, "[{from: a, to: b, when: $.x > 1}]", state="x: {type: string}")

    page = Page(run_page(records, summary_of(records), drawn))

    ids = {value for name, value in page.attributes if name == "id"}
    assert {"#node-1", "#node-2"} <= {value for name, value in page.attributes if name == "href"}
    assert {"node-1", "node-2"} <= ids
    assert "$.x > 1" in page.text
    assert "has changed since this run" not in page.text


def test_without_the_experience_the_log_draws_what_it_knows() -> None:
    records = a_log(begun("a", "b"), completed("a", edge=1), completed("b", parts={"edges.a": "0" * 12}))

    page = Page(run_page(records, summary_of(records)))

    assert "has changed since this run" in page.text
    assert [value for name, value in page.attributes if name == "class"].count("edge") == 1


@pytest.mark.parametrize("items", [3, 500])
def test_many_items_are_shown_up_to_a_limit_failed_ones_first(items: int) -> None:
    events = [completed("a", item("a", index)) for index in range(items - 1)]
    failed = NodeFailed(node_id="a", scope=item("a", items - 1), error=ErrorInfo("E", "only this one broke"))
    ended = NodeCompleted(node_id="a", counts=Counts(completed=items - 1, failed=1), duration_ms=1)
    records = a_log(begun("a"), started("a", items=items), *events, failed, ended, step_ms=1)

    text = run_page(records, summary_of(records))

    assert "only this one broke" in text
    assert text.count('<details class="node"') == 1 + min(items, 200)


def test_an_item_says_what_it_is_of_without_being_opened() -> None:
    fruit = {"item": hash_value("a pear")[:12]}
    records = a_log(
        begun("list", "a"),
        completed("list", delta={"fruits": ["an apple", "a pear"]}),
        started("a", items=1),
        completed("a", item("a", 1), parts=fruit),
        NodeCompleted(node_id="a", counts=Counts(completed=1), duration_ms=1),
    )

    assert '<span class="story">a pear</span>' in run_page(records, summary_of(records))


def test_names_that_begin_alike_can_be_told_apart_in_both_drawings() -> None:
    names = tuple(f"a_name_that_is_much_too_long_for_its_box_{number}" for number in (1, 2))
    records = a_log(begun(*names), *(completed(name) for name in names))

    page = run_page(records, summary_of(records))

    assert page.count("_box_1</text>") == page.count("_box_2</text>") == 1
    assert page.count("_box_1</b></span>") == page.count("_box_2</b></span>") == 1


def test_a_very_long_value_is_cut_and_says_so() -> None:
    records = a_log(begun("a"), completed("a", edge="x" * 30_000))

    text = run_page(records, summary_of(records))

    assert "10,000 more characters" in text
    assert text.count("x" * 1_000) == 20
