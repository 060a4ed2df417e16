"""Builds HTML and SVG from elements. Text is always escaped."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from engine.visible import visible

Element = ElementTree.Element
Child = Element | str | None


def element(tag: str, *children: Child, **attributes: str | float | None) -> Element:
    """An element. `class_` is `class`, other underscores become hyphens. None omits a child or an attribute."""
    made = ElementTree.Element(tag)
    for name, value in attributes.items():
        if value is not None:
            made.set(name.rstrip("_").replace("_", "-"), _written(value))
    add(made, children)
    return made


def add(parent: Element, children: Iterable[Child]) -> None:
    """Append children to `parent`."""
    for child in children:
        if isinstance(child, str):
            _add_text(parent, visible(child))
        elif child is not None:
            parent.append(child)


def document(root: Element) -> str:
    """A whole HTML document."""
    return "<!doctype html>\n" + fragment(root) + "\n"


def fragment(root: Element) -> str:
    """The HTML of an element within a document."""
    return ElementTree.tostring(root, encoding="unicode", method="html")


def _add_text(parent: Element, text: str) -> None:
    last = parent[-1] if len(parent) else None
    if last is None:
        parent.text = (parent.text or "") + text
    else:
        last.tail = (last.tail or "") + text


def _written(value: str | float) -> str:
    return visible(value) if isinstance(value, str) else f"{value:.6g}"
