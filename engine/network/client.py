"""The HTTP client for all requests. Imports an HTTP library, so import it at the first request."""

from __future__ import annotations

import platform
import socket
import ssl
import urllib.request
from collections.abc import Mapping
from typing import Any

import httpx2

from engine.network.certificates import trusted
from engine.network.proxies import Proxies, ProxyVariable, read_proxies

_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)


class RoutedTransport(httpx2.AsyncBaseTransport):
    """Sends each request directly, or through the proxy that the environment names for it."""

    def __init__(self, proxies: Proxies, context: ssl.SSLContext | None) -> None:
        self._proxies = proxies
        self._context = context
        self._transports: dict[ProxyVariable | None, httpx2.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises httpx2.HTTPError without a response, even where the proxy does not speak SOCKS."""
        proxy = self._proxies.route(request.url.scheme, request.url.host, request.url.port)
        if proxy is None or not proxy.is_socks:
            return await self._transport(proxy).handle_async_request(request)
        from socksio.exceptions import SOCKSError

        try:
            return await self._transport(proxy).handle_async_request(request)
        except (SOCKSError, AssertionError, ValueError) as error:  # the library raises these for what is not SOCKS
            raise httpx2.ProxyError(f"it does not speak SOCKS 5 ({error or type(error).__name__})") from error

    async def aclose(self) -> None:
        """Close the connections."""
        for transport in self._transports.values():
            await transport.aclose()

    def _transport(self, proxy: ProxyVariable | None) -> httpx2.AsyncHTTPTransport:
        if proxy not in self._transports:
            verify = self._context or True
            proxy_ = None if proxy is None else httpx2.Proxy(proxy.url, ssl_context=_for_proxy(proxy, self._context))
            self._transports[proxy] = httpx2.AsyncHTTPTransport(
                verify=verify, trust_env=False, limits=_LIMITS, proxy=proxy_, socket_options=_keepalive()
            )
        return self._transports[proxy]


def make_client(environment: Mapping[str, str], **options: Any) -> httpx2.AsyncClient:
    """A client for an environment without problems, with `options` of httpx2. Raises OSError."""
    transport = RoutedTransport(proxies_of(environment), trusted(environment))
    return httpx2.AsyncClient(transport=transport, trust_env=False, **options)


def proxies_of(environment: Mapping[str, str]) -> Proxies:
    """The proxies of the environment, else those of the system settings (macOS)."""
    proxies = read_proxies(environment)
    if proxies.by_scheme or platform.system() != "Darwin":
        return proxies
    return read_proxies({f"{scheme}_proxy": url for scheme, url in urllib.request.getproxies().items()})


def _for_proxy(proxy: ProxyVariable, context: ssl.SSLContext | None) -> ssl.SSLContext | None:
    return context if proxy.url.lower().startswith("https://") else None


def _keepalive() -> list[tuple[int, int, int]]:
    """Keep-alive options: an answer may take minutes, and routers drop idle connections."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5), ("TCP_KEEPIDLE", 60)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options
