"""Access control for sockets: the token, one client only, and no web pages of other origins."""

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
    """The address to listen on, the token that clients need, if any, and the allowed origins of web pages."""

    host: str
    port: int
    token: str | None = None
    origins: tuple[str, ...] = ()


def is_loopback(host: str) -> bool:
    """True if only this machine can reach `host`. Raises OSError where the name cannot be resolved."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    found = socket.getaddrinfo(host, None) if host else []
    return bool(found) and all(ipaddress.ip_address(str(each[4][0])).is_loopback for each in found)


class Gate:
    """Admits the first client with the token, and no other."""

    def __init__(self, token: str | None) -> None:
        self._token = token
        self._is_taken = False

    def admit(self, first: bytes) -> bytes:
        """Admit the client that sent `first` (then empty), or return the error response to send to it."""
        request = _read(first)
        if request.get("method") != "initialize" or "id" not in request:
            return _error(request, _NOT_INITIALIZED, "The first message must be the request initialize.")
        if not self._knows_token(request):
            log.warning("refused: a client without the token")
            return _error(request, _REQUEST_FAILED, "initializationOptions.token does not match OE_LSP_TOKEN.")
        if self._is_taken:
            log.warning("refused: a second client")
            message = "oe-lsp serves one client, and one is connected. Start another oe-lsp."
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


def refusal(access: Access, headers: Any, *, local: bool) -> str | None:
    """The reason to refuse a WebSocket to a web page: its origin, or a host name that is not this machine's."""
    for origin in headers("Origin"):
        if origin not in access.origins:
            return f"The origin {origin[:100]} is not allowed. Allow it with --origin."
    hosts = headers("Host")
    if local and not (len(hosts) == 1 and _is_own_name(hosts[0], access.host)):
        return f"The host {', '.join(hosts)[:100]} is not this machine. Connect to 127.0.0.1 or localhost."
    return None


def _is_own_name(header: str, host: str) -> bool:
    """True if the header `Host` is a name that cannot point to another machine (prevents DNS rebinding)."""
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
