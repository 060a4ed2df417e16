"""A local server that gives scripted answers to one kind of request: the common part of the stand-ins for APIs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar


@dataclass(frozen=True)
class Answer:
    """What the server does with one request; no `status` means that it hangs up, before the `missing` bytes or all."""

    status: int | None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0


Script = Answer | Callable[[dict[str, Any]], Answer]


class ScriptedApi:
    """The server, from `with` to its end. Answers are given in order; the last one is repeated.

    `requests` and `headers` hold what came in; other addresses than `path` are not found.
    """

    path: ClassVar[str]

    def __init__(self, *script: Script) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._script = script
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ScriptedApi:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: dict[str, Any], headers: dict[str, str]) -> Answer:
        with self._lock:
            scripted = self._script[min(len(self.requests), len(self._script) - 1)]
            self.requests.append(request)
            self.headers.append(headers)
        return scripted(request) if callable(scripted) else scripted

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                request = json.loads(self.rfile.read(length))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = api.answer(request, headers) if self.path == api.path else Answer(404)
                if answer.status is None:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in {"content-type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body) + answer.missing))
                self.end_headers()
                self.wfile.write(answer.body)
                self.close_connection = self.close_connection or answer.missing > 0

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler
