"""Who may ask the page server for anything: holders of the token, by a name of this machine, from its own pages."""

from __future__ import annotations

import contextlib
import hmac
import logging
import os
from collections.abc import Iterable
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.report.page.document import SERVED_POLICY

log = logging.getLogger(__name__)

_HEADERS = {
    "Content-Security-Policy": SERVED_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Guard:
    """Passes on requests for `/<token>/…`, with `/<token>` as their root path, and refuses all others.

    Every response forbids scripts and styles from elsewhere. A page may be framed, by whoever knows its token: that is
    how an editor embeds it.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            refusal.headers["Content-Security-Policy"] = f"{SERVED_POLICY}; frame-ancestors 'none'"
            await refusal(scope, receive, _with_headers(send))
        else:
            await self._answer({**scope, "root_path": f"/{self._token}"}, receive, _with_headers(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. One that fails unexpectedly does not affect others."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            path = scope["path"].removeprefix(scope["root_path"])
            log.log(logging.ERROR, "%s %s: %r", scope["method"], path, error, exc_info="OE_DEBUG" in os.environ)
            failure = PlainTextResponse("The page server failed at this. Load the page again.", 500)
            with contextlib.suppress(RuntimeError):  # the answer may have begun
                await failure(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not _is_this_machine(hosts[0]):
            return PlainTextResponse("This is not the name of this machine. Use 127.0.0.1 or localhost.", 421)
        given, slash, _ = scope["path"].removeprefix("/").partition("/")
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._token.encode()):
            return PlainTextResponse("Not found.", 404)
        if not slash:
            return RedirectResponse(f"/{quote(self._token)}/")
        if scope["method"] == "POST":
            return _refusal_to_change(headers, hosts[0])
        return None


def _refusal_to_change(headers: Headers, host: str) -> Response | None:
    """A POST must come from one of our own pages, as JSON, which no form of another page can send."""
    if headers.getlist("origin") != [f"http://{host}"]:
        return PlainTextResponse("Only the page itself may ask for this.", 403)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return PlainTextResponse("Only JSON is accepted.", 415)
    return None


def _is_this_machine(host: str) -> bool:
    """Whether the header `Host` is a name that cannot lead to another machine, with any port: no DNS rebinding."""
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        name, port = host, ""
    return name.lower() in _NAMES and (port.isascii() and port.isdigit() if colon else True)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in _absent(headers, _HEADERS.items()):
                headers[name] = value
        await send(message)

    return send_with_headers


def _absent(headers: Headers, wanted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in wanted if name not in headers]
