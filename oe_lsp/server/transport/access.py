"""Who may connect to a socket of oe-lsp: no web page of a stranger, nobody without the token, no second client."""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
import json
import logging
import re
import socket
from typing import Any

from msgspec import Struct

log = logging.getLogger(__name__)

_NOT_INITIALIZED, _REQUEST_FAILED = -32002, -32803


class Access(Struct, frozen=True):
    """Where to listen, and whom to let in: who knows `token`, if there is one, and web pages of these `origins`."""

    host: str
    port: int
    token: str | None = None
    origins: tuple[str, ...] = ()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`. Raises OSError where nobody knows it."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    found = socket.getaddrinfo(host, None) if host else []
    return bool(found) and all(ipaddress.ip_address(str(each[4][0])).is_loopback for each in found)


class Entrance:
    """Lets the first client in that may, and no other."""

    def __init__(self, token: str | None) -> None:
        self._token = token
        self._is_taken = False

    def admit(self, first: bytes) -> bytes:
        """Let the client in that sent the message `first`; else the error to answer it with."""
        request = _read(first)
        if request.get("method") != "initialize" or "id" not in request:
            return _error(request, _NOT_INITIALIZED, "the first message has to be the request initialize")
        if not self._knows_token(request):
            log.warning("refused: a client without the token")
            return _error(request, _REQUEST_FAILED, "initializationOptions.token is not the server's OE_LSP_TOKEN")
        if self._is_taken:
            log.warning("refused: a second client")
            message = "oe-lsp serves one client, and another is connected; start an oe-lsp of your own"
            return _error(request, _REQUEST_FAILED, message)
        self._is_taken = True
        return b""

    def _knows_token(self, request: dict[str, Any]) -> bool:
        if self._token is None:
            return True
        params = request.get("params")
        options = params.get("initializationOptions") if isinstance(params, dict) else None
        token = options.get("token") if isinstance(options, dict) else None
        return isinstance(token, str) and hmac.compare_digest(token.encode(errors="replace"), self._token.encode())


def reason_to_refuse(access: Access, headers: Any, *, local: bool) -> str | None:
    """Why a web page may not open a WebSocket: its origin, or a name of this machine that is none of ours."""
    for origin in headers("Origin"):
        if origin not in access.origins:
            return f"the origin {origin[:100]} is not allowed; name it with --origin"
    hosts = headers("Host")
    if local and not (len(hosts) == 1 and _is_own_name(hosts[0], access.host)):
        return f"the host {', '.join(hosts)[:100]} is not this machine; connect to 127.0.0.1 or localhost"
    return None


def _is_own_name(header: str, host: str) -> bool:
    """Whether the header `Host` is a name that no other machine can be given (else: DNS rebinding)."""
    name = re.sub(r":\d*$", "", header).strip("[]").rstrip(".").casefold()
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return name in ("localhost", host.casefold())


def _read(message: bytes) -> dict[str, Any]:
    try:
        content = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _error(request: dict[str, Any], code: int, message: str) -> bytes:
    id_ = request.get("id")
    error = {"code": code, "message": message}
    return json.dumps({"jsonrpc": "2.0", "id": id_ if isinstance(id_, (int, str)) else None, "error": error}).encode()
