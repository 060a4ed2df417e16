"""A local server with scripted answers to one kind of request: the base of the stand-ins for APIs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any, ClassVar

from tests.standins.local_server import ANY_PORT, LocalServer, QuietHandler


@dataclass(frozen=True)
class Answer:
    """What the server does with one request; no `status` means that it hangs up, before the `missing` bytes or all."""

    status: int | None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0


Script = Answer | Callable[[dict[str, Any]], Answer]


class ScriptedApi(LocalServer):
    """The server. Answers are given in order; the last one is repeated.

    `requests` and `headers` hold what came in; other addresses than `path` are not found.
    """

    path: ClassVar[str]

    def __init__(self, *script: Script) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._script = script
        self._lock = threading.Lock()
        super().__init__(ThreadingHTTPServer(ANY_PORT, self._handler()))

    def answer(self, request: dict[str, Any], headers: dict[str, str]) -> Answer:
        with self._lock:
            scripted = self._script[min(len(self.requests), len(self._script) - 1)]
            self.requests.append(request)
            self.headers.append(headers)
        return scripted(request) if callable(scripted) else scripted

    def _handler(self) -> type[QuietHandler]:
        api = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:
                request = json.loads(self.request_body())
                answer = api.answer(request, self.lower_headers()) if self.path == api.path else Answer(404)
                if answer.status is None:
                    self.close_connection = True
                    return
                headers = {"content-type": "application/json", **answer.headers}
                self.reply(answer.status, answer.body, headers, answer.missing)

        return Handler
