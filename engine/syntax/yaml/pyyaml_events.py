"""PyYAML's event stream, from its compiled scanner where there is one, else from its Python one: see python_scanner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from engine.syntax.yaml.python_scanner import PythonParser

try:
    from yaml._yaml import CParser
except ImportError:  # PyYAML was built without libyaml
    CParser = None  # type: ignore[assignment,misc]


class Stream(Protocol):
    """A text that is read as far as its events are asked for."""

    def read(self, size: int = ..., /) -> str:
        """The next characters, `size` at most; nothing at the end."""
        ...


def events(text: str | Stream) -> Iterator[Any]:
    """Yield the events of `text`, lazily. Raises yaml.YAMLError where the text is not YAML."""
    parser = PythonParser(text) if CParser is None else CParser(text)
    get = parser.get_event
    while (event := get()) is not None:
        yield event
