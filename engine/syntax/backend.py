"""PyYAML's event stream, from its compiled scanner where there is one, else from its Python one: see python_scanner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.syntax.python_scanner import PythonParser

try:
    from yaml._yaml import CParser
except ImportError:  # PyYAML was built without libyaml
    CParser = None  # type: ignore[assignment,misc]


def events(text: str) -> Iterator[Any]:
    """Yield the events of `text`, lazily. Raises yaml.YAMLError where the text is not YAML."""
    parser = PythonParser(text) if CParser is None else CParser(text)
    get = parser.get_event
    while (event := get()) is not None:
        yield event
