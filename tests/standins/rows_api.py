"""A local HTTP server that answers what a test scripts, and keeps what it was asked.

with RowsApi({"/rows": json_answer([{"id": 1}])}) as api:
    ...  # api.url + "/rows"; api.asked
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.standins.local_server import ANY_PORT, LocalServer, QuietHandler


@dataclass(frozen=True)
class Answer:
    """What the server does with a request; no `status` means that it answers nothing until the test is over."""

    status: int | None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request that came in. The names of `headers` are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def json_answer(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode(), {"content-type": "application/json"})


def redirect(url: str, status: int = 302) -> Answer:
    return Answer(status, headers={"location": url})


SILENCE = Answer(None)


class RowsApi(LocalServer):
    """The server. Paths without a scripted answer get 404."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = dict(answers)
        self.asked: list[Asked] = []
        self.arrived = threading.Event()
        self._over = threading.Event()
        super().__init__(ThreadingHTTPServer(ANY_PORT, self._handler()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        super().__exit__(kind, error, trace)

    def _handler(self) -> type[QuietHandler]:
        api = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                api.asked.append(Asked(self.command, self.path, self.lower_headers(), self.request_body()))
                api.arrived.set()
                answer = api.answers.get(self.path, Answer(404, b"no such page"))
                if answer.status is None:
                    api._over.wait()
                    self.close_connection = True
                    return
                self.reply(answer.status, answer.body, answer.headers)

        return Handler
