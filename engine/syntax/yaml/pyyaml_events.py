"""PyYAML's event stream, through libyaml where PyYAML was built with it, else through its slower Python parser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from yaml.events import ScalarEvent
from yaml.loader import BaseLoader
from yaml.scanner import ScannerError

try:
    from yaml._yaml import CParser
except ImportError:  # PyYAML was built without libyaml
    CParser = None  # type: ignore[assignment,misc]


class Stream(Protocol):
    """A text that is read only as far as its events are requested."""

    def read(self, size: int = ..., /) -> str:
        """The next characters, `size` at most; nothing at the end."""
        ...


def events(text: str | Stream) -> Iterator[Any]:
    """Yield the events of `text`, lazily. Raises yaml.YAMLError where the text is not YAML."""
    if CParser is None:
        yield from _python_events(text)
        return
    get = CParser(text).get_event
    while (event := get()) is not None:
        yield event


def _python_events(text: str | Stream) -> Iterator[Any]:
    """As `events`. Refuses, as libyaml does, escapes of what no text may hold: half a character, over U+10FFFF."""
    parser = BaseLoader(text)
    try:
        while parser.check_event():
            event = parser.get_event()  # type: ignore[no-untyped-call]
            if isinstance(event, ScalarEvent):
                event.value.encode()
            yield event
    except (ValueError, OverflowError) as error:
        mark = parser.get_mark()
        raise ScannerError(None, None, str(error), mark) from error
