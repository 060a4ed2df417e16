"""HTML documents around a page: one file that allows nothing but its own scripts, or one that loads served assets."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from importlib import resources

from engine.report.drawing.markup import Element, document, element

STYLES = ("theme.css", "page.css", "graph.css", "timeline.css", "compare.css")
"""The style sheets of every page, in order."""

SERVED_STYLES = (*STYLES, "served.css")
"""The style sheets of a served page, in order."""

FILE_SCRIPTS = ("page.js", "nodes.js", "copy.js", "viewport.js", "graph.js", "timeline.js", "compare.js")
"""The scripts of a page in a file, in order."""

SERVED_SCRIPTS = (*FILE_SCRIPTS, "live.js", "actions.js", "embedded.js")
"""The scripts of a served page, in order."""

SERVED_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""The Content-Security-Policy of a served page, for its header. Whoever knows its address may frame it."""


def file_document(title: str, main: Element) -> str:
    """A document with its styles and scripts inside, allowed by their hashes, that loads nothing."""
    style = "\n".join(text for name in STYLES if (text := _text("styles", name)))
    script = "\n".join(text for name in FILE_SCRIPTS if (text := _text("scripts", name)))
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'"
    head = _head(title, element("meta", http_equiv="Content-Security-Policy", content=policy))
    head.append(element("style", style))
    return document(element("html", head, element("body", main, element("script", script)), lang="en"))


def served_document(title: str, main: Element, assets: str, data: Mapping[str, str]) -> str:
    """A document that loads its styles and scripts from below the URL `assets`.

    `data` become attributes of its root, such as `data-events` for the URL of its patches.
    """
    head = _head(title)
    for name in asset_names():
        if name.endswith(".css"):
            head.append(element("link", rel="stylesheet", href=f"{assets}/{name}"))
        else:
            head.append(element("script", src=f"{assets}/{name}", defer="defer"))
    root = element("html", head, element("body", main), lang="en")
    for name, value in data.items():
        root.set(name, value)
    return document(root)


@functools.cache
def asset_names() -> tuple[str, ...]:
    """The names of the style sheets and scripts of a served page, in order."""
    return tuple(
        name
        for folder, names in (("styles", SERVED_STYLES), ("scripts", SERVED_SCRIPTS))
        for name in names
        if _text(folder, name)
    )


def asset(name: str) -> str:
    """The text of a style sheet or script that asset_names() lists. Raises KeyError for others."""
    if name not in asset_names():
        raise KeyError(name)
    return _text("styles" if name.endswith(".css") else "scripts", name)


def _head(title: str, *more: Element) -> Element:
    return element(
        "head",
        element("meta", charset="utf-8"),
        *more,
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
    )


@functools.cache
def _text(folder: str, name: str) -> str:
    """The contents of a file beside this one; empty if there is none."""
    file = resources.files(__package__ or "engine.report.page").joinpath(folder).joinpath(name)
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
