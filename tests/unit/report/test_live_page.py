"""A page that follows its run: patches hold what changed, and little else, however many parts a node has."""

from __future__ import annotations

from html.parser import HTMLParser

from engine.log.events.events import (
    Counts,
    ErrorInfo,
    Event,
    NodeFailed,
    NodeStarted,
    RunFinished,
    RunStatus,
    RunWarning,
    Scope,
    ScopeKind,
)
from engine.report.drawing.markup import fragment
from engine.report.page.live_page import LivePage, Patch
from engine.report.page.page import live_page
from tests.unit.report.conftest import a_log, begun, completed, item, started


class Ids(HTMLParser):
    """The ids in some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]


class Followed:
    """A page, and what a reader has of it who received all patches."""

    def __init__(self, *events: Event) -> None:
        self.log = list(events)
        self.page: LivePage = live_page(alive=True)
        self.page.add(a_log(*events, step_ms=1))
        self.ids = Ids(fragment(self.page.main())).ids

    def then(self, *events: Event) -> Patch:
        """The patch after further events."""
        first = len(self.log)
        self.log += events
        self.page.add(a_log(*self.log, step_ms=1)[first:])
        patch = self.page.patch()
        assert patch is not None
        return patch


def failed(index: int) -> NodeFailed:
    return NodeFailed(node_id="a", scope=item("a", index), error=ErrorInfo("E", f"item {index} broke"))


def of(patch: Patch, *beginnings: str) -> set[str]:
    return {id_ for id_ in patch.elements if id_.startswith(beginnings)}


def test_a_patch_replaces_what_is_on_the_page_and_nothing_of_other_nodes() -> None:
    page = Followed(begun("a", "b", "c"))

    patch = page.then(started("b"))

    assert of(patch, "node-") == {"node-2"}
    assert set(patch.elements) <= set(page.ids)


def test_nothing_is_sent_twice() -> None:
    page = Followed(begun("a"), started("a"))
    first = page.then(completed("a", edge=1))

    again = page.page.patch()

    assert again is None
    assert page.page.seq == first.seq == 1


def test_a_reader_who_comes_later_gets_what_others_were_sent_before() -> None:
    page = Followed(begun("a", "b"), started("a"))
    page.then(RunWarning(message="one"))
    page.page.main()

    patch = page.then(started("b"))

    assert "head" in patch.elements  # for the newcomer's page was not patched yet
    assert page.page.everything().seq == patch.seq


def test_an_item_replaces_its_cell_and_itself_and_keeps_its_place() -> None:
    page = Followed(begun("a"), started("a", items=3))
    whole = page.then(started("a", item("a", 2)))
    page.ids += Ids("".join(whole.elements.values())).ids

    patches = [page.then(started("a", item("a", 0))), page.then(completed("a", item("a", 2)))]

    assert of(patches[0], "node-1-part", "node-1-cell") == {"node-1-part-1", "node-1-cell-1"}
    assert of(patches[1], "node-1-part", "node-1-cell") == {"node-1-part-0", "node-1-cell-0"}
    assert "node-1" not in patches[1].elements
    assert all(set(patch.elements) <= set(page.ids) for patch in patches)


def test_of_ten_thousand_items_200_are_shown_and_each_that_fails_is_one_of_them() -> None:
    page = Followed(begun("a"), started("a", items=10_000))
    page.then(*(completed("a", item("a", index)) for index in range(5_000)))

    patch = page.then(failed(7_000))
    quiet = page.then(completed("a", item("a", 7_001)))

    (part,) = of(patch, "node-1-part")
    assert "item 7000 broke" in patch.elements[part]
    assert not of(quiet, "node-1-part", "node-1-cell")
    assert fragment(page.page.main()).count('data-key="a[') == 200
    assert sum(map(len, patch.elements.values())) < 60_000


def test_a_node_that_the_log_did_not_announce_is_on_the_page() -> None:
    page = Followed(begun("a"))

    patch = page.then(started("unknown"))

    assert 'data-node="unknown"' in patch.elements["nodes"]


def test_the_end_of_the_run_changes_its_head_and_title() -> None:
    page = Followed(begun("a"), started("a"), completed("a"))

    patch = page.then(RunFinished(status=RunStatus.SUCCESS, counts=Counts(completed=1), duration_ms=5))

    assert 'data-title="demo · success · 4f3a1b2c"' in patch.elements["head"]


def test_parts_of_parts_are_bounded() -> None:
    page = Followed(begun("a"), started("a", items=1), NodeStarted(node_id="a", scope=item("a", 0), items=501))
    inside = (*item("a", 0), Scope(ScopeKind.EXPERIENCE, "a"))
    page.then(*(completed(f"inner_{index}", inside) for index in range(500)))

    patch = page.then(completed("inner_500", inside))

    assert patch.elements["node-1-part-0"].count("<details") == 41
    assert "… and 461 more in the log" in patch.elements["node-1-part-0"]
