"""Reports values outside of items that cannot be logged (OE203). Those of an item are found when it is read."""

from __future__ import annotations

from collections.abc import Iterator

from engine.experience.checks.contexts import DocumentContext
from engine.experience.problems import Problem
from engine.experience.reading.unloggable import unloggable_outside
from engine.experience.source.locate import key_text


def check_unloggable_values(document: DocumentContext) -> Iterator[Problem]:
    """OE203: each scalar that JSON cannot hold and that is in no item, nor in a field."""
    read = {section.view.green for section in document.parts.all if section.view is not None}
    yield from unloggable_outside(read, document.root)
    fields = document.parts.fields.view
    if fields is not None and "x-" in fields.text:
        for entry in fields.entries():
            if key_text(entry.key).startswith("x-"):  # which is not a field
                yield from unloggable_outside((), *filter(None, (entry.key, entry.value)))
