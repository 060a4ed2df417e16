"""Builds HTML and SVG from elements. Text is always escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from xml.etree import ElementTree

from engine.log.humanize import shortened
from engine.visible import visible

Element = ElementTree.Element
Child = Element | str | None

_VOID = frozenset(("br", "hr", "img", "input", "link", "meta"))
_SHAPES = frozenset(("circle", "line", "path", "rect"))
"""Elements within an svg, where a slash closes them."""

_LONG = frozenset(("d", "content", "data_rows", "points"))
"""Attributes that may be long, since we wrote them."""

_LONGEST = 1_000
"""Other attributes hold at most so many characters of a log."""

_LONGEST_TEXT = 21_000
"""No text is longer, whatever a section makes of a log: its limits are for readers, this one is for the browser."""

_RAW = frozenset(("script", "style"))
"""Elements whose text is not escaped. It is ours."""


def element(tag: str, *children: Child, **attributes: str | float | None) -> Element:
    """An element. `class_` is `class`, other underscores become hyphens. None omits a child or an attribute."""
    made = ElementTree.Element(tag)
    for name, value in attributes.items():
        if value is not None:
            written = _written(value)
            made.set(name.rstrip("_").replace("_", "-"), written if name in _LONG else shortened(written, _LONGEST))
    add(made, children)
    return made


def add(parent: Element, children: Iterable[Child]) -> None:
    """Append children to `parent`."""
    for child in children:
        if isinstance(child, str):
            _add_text(parent, visible(child if parent.tag in _RAW else shortened(child, _LONGEST_TEXT)))
        elif child is not None:
            parent.append(child)


def document(root: Element) -> str:
    """A whole HTML document."""
    return "<!doctype html>\n" + fragment(root) + "\n"


def fragment(root: Element) -> str:
    """The HTML of an element within a document."""
    pieces: list[str] = []
    _write(root, pieces.append)
    return "".join(pieces)


def _write(one: Element, write: Callable[[str], None]) -> None:
    tag = one.tag
    write(f"<{tag}")
    for name, value in one.items():
        write(f' {name}="{escape(value)}"')
    if tag in _SHAPES and not one.text and not len(one):
        write("/>")
        return
    write(">")
    if tag in _VOID:
        return
    is_raw = tag in _RAW
    if one.text:
        write(one.text if is_raw else escape(one.text, quote=False))
    for child in one:
        _write(child, write)
        if child.tail:
            write(escape(child.tail, quote=False))
    write(f"</{tag}>")


def _add_text(parent: Element, text: str) -> None:
    last = parent[-1] if len(parent) else None
    if last is None:
        parent.text = (parent.text or "") + text
    else:
        last.tail = (last.tail or "") + text


def _written(value: str | float) -> str:
    return visible(value) if isinstance(value, str) else f"{value:.6g}"
