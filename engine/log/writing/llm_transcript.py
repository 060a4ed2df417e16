"""The transcript of an attempt's exchange with a model, one JSON line per message (docs/design.md, The run log)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from engine.json_types import Json
from engine.log.secrets.masking import Secrets
from engine.log.writing.writer import timestamp, utc_now


class LlmTranscript:
    """Passes each message to `write` immediately, so that a request is recorded even if no answer comes."""

    def __init__(self, write: Callable[[bytes], None], secrets: Secrets) -> None:
        self._write = write
        self._secrets = secrets

    def sent(self, request: Mapping[str, Json]) -> None:
        """Record a request, before it is sent."""
        self._line("sent", request)

    def received(self, answer: Mapping[str, Json]) -> None:
        """Record an answer, verbatim."""
        self._line("received", answer)

    def failed(self, error: str) -> None:
        """Record why there is no answer."""
        self._line("failed", error)

    def _line(self, what: str, content: Mapping[str, Json] | str) -> None:
        line = {"ts": timestamp(utc_now()), what: self._secrets.masked_value(content)}
        self._write(json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
