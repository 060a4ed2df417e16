"""What stands above the list of nodes: find, buttons that open and close, and the keys of the page."""

from __future__ import annotations

from collections.abc import Iterator, Set

from engine.report.drawing.markup import Element, element

KEYS = (
    ("/", "find a node"),
    ("j  k", "go to the next or previous node; so do ↓ and ↑ in the list"),
    ("Enter", "open or close it"),
    ("f", "go to the next node that failed"),
    ("e", "open what failed"),
    ("a", "open all nodes"),
    ("c", "close all"),
    ("↑ ↓ ← →", "in the graph: go along edges, and to the node beside; with Shift, move the graph"),
    ("Space", "in the graph: open what is inside the node"),
    ("+  −  0", "in the graph: zoom in or out, and show all of it"),  # noqa: RUF001 - a minus sign
    ("?", "show these keys"),
)
"""The keys of the page (scripts/nodes.js), and what they do."""

_BUTTONS = (("e", "Open failed"), ("a", "Open all"), ("c", "Close all"), ("?", "Keys"))


class ToolsSection:
    """The heading of the list of nodes. It never changes; without scripts it is only a heading."""

    def whole(self) -> Element:
        """All of it."""
        field = element(
            "input",
            id="find",
            type="search",
            placeholder="Find a node  /",
            aria_label="Find a node",
            autocomplete="off",
            spellcheck="false",
        )
        buttons = (element("button", text, type="button", data_do=key) for key, text in _BUTTONS)
        return element(
            "section",
            element("h2", "Nodes"),
            element("div", element("span", id="found", role="status"), field, *buttons, class_="tools"),
            _keys(),
            id="tools",
        )

    def changed(self, vertices: Set[str]) -> Iterator[Element]:  # noqa: ARG002 - the protocol
        """Nothing."""
        return iter(())


def _keys() -> Element:
    rows = (element("tr", element("th", element("kbd", key), scope="row"), element("td", what)) for key, what in KEYS)
    return element(
        "dialog",
        element("h2", "Keys", id="keys-title"),
        element("table", *rows),
        element("button", "Close", type="button", data_do="close"),
        id="keys",
        aria_labelledby="keys-title",
    )
