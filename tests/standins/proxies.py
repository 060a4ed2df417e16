"""Local proxies that pass connections on: one that speaks SOCKS 5 (RFC 1928, 1929), one that speaks HTTP.

    with SocksProxy() as proxy:
        ...  # ALL_PROXY=proxy.url; proxy.asked

`asked` holds the `host:port` of each connection that a client wanted.
"""

from __future__ import annotations

import select
import socket
import socketserver

from tests.standins.local_server import ANY_PORT, LocalServer

_CHUNK = 65536


class _Proxy(LocalServer):
    """A proxy. With `user`, a client must name it and `password`."""

    def __init__(self, user: str = "", password: str = "") -> None:
        self.asked: list[str] = []
        self.user, self.password = user, password
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy.serve(self.request)

        super().__init__(socketserver.ThreadingTCPServer(ANY_PORT, Handler))

    def serve(self, client: socket.socket) -> None:
        raise NotImplementedError


class SocksProxy(_Proxy):
    scheme = "socks5"

    def serve(self, client: socket.socket) -> None:
        _, methods = _exactly(client, 2)
        offered = _exactly(client, methods)
        wanted = 2 if self.user else 0
        client.sendall(bytes([5, wanted if wanted in offered else 0xFF]))
        if wanted not in offered or (wanted and not self._authenticated(client)):
            return
        _, _, _, kind = _exactly(client, 4)
        host = socket.inet_ntoa(_exactly(client, 4)) if kind == 1 else _exactly(client, _exactly(client, 1)[0]).decode()
        port = int.from_bytes(_exactly(client, 2), "big")
        self.asked.append(f"{host}:{port}")
        try:
            server = socket.create_connection((host, port))
        except OSError:
            client.sendall(b"\x05\x05\x00\x01" + bytes(6))
            return
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        with server:
            _relay(client, server)

    def _authenticated(self, client: socket.socket) -> bool:
        _, length = _exactly(client, 2)
        user = _exactly(client, length).decode()
        password = _exactly(client, _exactly(client, 1)[0]).decode()
        known = (user, password) == (self.user, self.password)
        client.sendall(bytes([1, 0 if known else 1]))
        return known


class NoProxy(_Proxy):
    """A web server where a SOCKS proxy should be: answers that the request is bad."""

    scheme = "socks5"

    def serve(self, client: socket.socket) -> None:
        client.recv(_CHUNK)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


class HttpProxy(_Proxy):
    """Passes on requests for http:// addresses."""

    def serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(_CHUNK)
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.split(b" ")
        authority, _, path = target.partition(b"://")[2].partition(b"/")
        host, _, port = authority.decode().partition(":")
        self.asked.append(f"{host}:{port or 80}")
        with socket.create_connection((host, int(port or 80))) as server:
            server.sendall(b" ".join((method, b"/" + path, version)) + b"\r\n" + rest)
            _relay(client, server)


def _exactly(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = client.recv(count - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def _relay(client: socket.socket, server: socket.socket) -> None:
    other = {client: server, server: client}
    while True:
        for ready in select.select(list(other), [], [])[0]:
            data = ready.recv(_CHUNK)
            if not data:
                return
            other[ready].sendall(data)
