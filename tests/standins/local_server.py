"""Local servers on 127.0.0.1 that run in a thread, from `with` to its end: the base of the stand-ins."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar, TypeVar

ANY_PORT = ("127.0.0.1", 0)

Server = TypeVar("Server", bound="LocalServer")


class LocalServer:
    """Serves each client of `server` in a thread of its own."""

    scheme: ClassVar[str] = "http"

    def __init__(self, server: socketserver.ThreadingTCPServer | ThreadingHTTPServer) -> None:
        self.server = server
        self.server.daemon_threads = True
        self._thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self: Server) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


class QuietHandler(BaseHTTPRequestHandler):
    """Reads and answers requests of HTTP 1.1, and prints nothing."""

    protocol_version = "HTTP/1.1"

    def lower_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def request_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def reply(self, status: int, body: bytes, headers: Mapping[str, str], missing: int = 0) -> None:
        """Answer; `missing` bytes of the announced body are not sent."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or missing > 0

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
