"""How an attempt's exchange with a model is written down: one line of JSON for each message
(docs/design.md, The run log). Where, is the business of outputs.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from engine.json_types import Json
from engine.log.secrets.masking import Secrets
from engine.log.writing.writer import timestamp, utc_now


class Exchange:
    """Hands each message to `write` as it goes out or comes in: what was asked is kept even if nobody answers."""

    def __init__(self, write: Callable[[bytes], None], secrets: Secrets) -> None:
        self._write = write
        self._secrets = secrets

    def sent(self, request: Mapping[str, Json]) -> None:
        """What is asked, before it is."""
        self._line("sent", request)

    def received(self, answer: Mapping[str, Json]) -> None:
        """What came back, as it came."""
        self._line("received", answer)

    def failed(self, error: str) -> None:
        """Why nothing came back."""
        self._line("failed", error)

    def _line(self, what: str, content: Mapping[str, Json] | str) -> None:
        told = {"ts": timestamp(utc_now()), what: self._secrets.masked_value(content)}
        self._write(json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
