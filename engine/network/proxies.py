"""Chooses the proxy of a request by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.network.variables import host_problem, odd_character, public, read
from engine.visible import visible

_SCHEMES = ("http", "https", "socks5", "socks5h")
_SOCKS = ("socks5", "socks5h")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?:\*?\.)?[\w-]+(?:\.[\w-]+)*\.?")

_MISSPELT = re.compile(r"http://(?:https?|socks\w*)(?::/|//)", re.IGNORECASE)
"""A misspelt scheme after the one that was put before it: `http://https:/host`."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ProxyVariable(Struct, frozen=True):
    """A proxy and the variable that names it."""

    variable: str
    url: str

    @property
    def is_socks(self) -> bool:
        """Whether the proxy speaks SOCKS, which needs another library."""
        return _scheme(self.url) in _SOCKS

    def __str__(self) -> str:
        return f"{self.variable} ({public(self.url)})"


class Exemption(Struct, frozen=True):
    """An entry of NO_PROXY: hosts that are reached directly, with any scheme and port unless it names one."""

    name: str = ""
    network: _Network | None = None
    scheme: str = ""
    port: int | None = None

    def covers(self, scheme: str, host: str, port: int | None) -> bool:
        """Whether the entry covers a request to `host`."""
        if (self.scheme and self.scheme != scheme) or (self.port is not None and self.port != port):
            return False
        if self.network is not None:
            try:
                return ipaddress.ip_address(host) in self.network
            except ValueError:
                return False
        # `.example.com` covers its subdomains, `example.com` itself, too.
        return host.endswith(self.name) if self.name.startswith(".") else f".{host}".endswith(f".{self.name}")


class Proxies(Struct, frozen=True):
    """The proxies of an environment, and their exemptions."""

    by_scheme: Mapping[str, ProxyVariable]
    exemptions: tuple[Exemption, ...] = ()

    def route(self, scheme: str, host: str, port: int | None) -> ProxyVariable | None:
        """The proxy for a request; None if it goes directly."""
        host = host.strip("[]").rstrip(".").lower()
        if any(each.covers(scheme, host, port or _DEFAULT_PORTS.get(scheme)) for each in self.exemptions):
            return None
        return self.by_scheme.get(scheme) or self.by_scheme.get("all")


def read_proxies(environment: Mapping[str, str]) -> Proxies:
    """The proxies of an environment, without those that `proxy_problems` reports."""
    name, entries = _exempted(environment)
    if "*" in entries:
        return Proxies({})
    found = [_exemption(entry, name) for entry in entries]
    by_scheme = {scheme: proxy for scheme, proxy in _variables(environment) if _problem(proxy) is None}
    return Proxies(by_scheme, tuple(each for each in found if isinstance(each, Exemption)))


def proxy_problems(environment: Mapping[str, str], *, socks_installed: bool) -> Iterator[str]:
    """Problems of the variables, a message each."""
    name, entries = _exempted(environment)
    if "*" in entries:
        return
    for _, proxy in _variables(environment):
        problem = _problem(proxy)
        if problem is not None:
            yield problem
        elif proxy.is_socks and not socks_installed:
            remedy = f"install it with pip install socksio, or unset {proxy.variable}"
            yield f"{proxy} is a SOCKS proxy, which needs socksio; {remedy}"
    yield from (found for entry in entries if isinstance(found := _exemption(entry, name), str))


def _variables(environment: Mapping[str, str]) -> Iterator[tuple[str, ProxyVariable]]:
    for scheme in ("http", "https", "all"):
        name, value = _either_case(environment, f"{scheme}_proxy")
        # A web server passes the header `Proxy` of a request to a CGI script as HTTP_PROXY.
        from_a_request = name == "HTTP_PROXY" and "REQUEST_METHOD" in environment
        if value is not None and not from_a_request:
            yield scheme, ProxyVariable(name, value if "://" in value else f"http://{value}")


def _exempted(environment: Mapping[str, str]) -> tuple[str, list[str]]:
    name, value = _either_case(environment, "no_proxy")
    return name, [entry for entry in re.split(r"[,\s]+", value or "") if entry]


def _either_case(environment: Mapping[str, str], lower: str) -> tuple[str, str | None]:
    """The variable in lower or upper case. As in most programs, the lower case wins, even if empty."""
    name = lower if lower in environment else lower.upper()
    return name, read(environment, name)


def _problem(proxy: ProxyVariable) -> str | None:
    name, shown = proxy.variable, public(proxy.url)
    odd = odd_character(proxy.url)
    if odd is not None:
        return f"{name} contains {odd}, which is not allowed in an address; correct or unset it"
    if proxy.url[-1] in "\"'" or '://"' in proxy.url or "://'" in proxy.url or proxy.url[0] in "\"'":
        return f"{name} is in quotation marks; remove them"
    scheme = _scheme(proxy.url)
    if scheme not in _SCHEMES:
        instead = "socks5://" if scheme.startswith("socks") else "http://"
        at = shown.partition("://")[2]
        return (
            f"{name} is {shown}, but {visible(scheme)}:// is not supported; "
            f"if the proxy speaks {instead[:-3]}, write {instead}{at}, else unset {name}"
        )
    if _MISSPELT.match(proxy.url):
        return f"{name} is {shown}, which is not an address; write it as {scheme}://host:port, or unset {name}"
    problem = host_problem(proxy.url)
    return None if problem is None else f"{name} is {shown}, {problem}, or unset {name}"


def _exemption(entry: str, variable: str) -> Exemption | str:
    """An entry of NO_PROXY, or the problem with it."""
    scheme, separator, rest = entry.partition("://")
    scheme, host = (scheme.lower(), rest) if separator else ("", entry)
    where, scheme = f"{variable} contains {visible(entry)[:100]}", "" if scheme == "all" else scheme
    if "[" in host or "]" in host:
        plain = host.strip("[]").partition("]")[0]
        return f"{where}, but hosts are written without brackets there; write {visible(plain)}"
    if "/" in host or _is_address(host):
        network = _network(host)
        remedy = "which is not a network; write it like 10.0.0.0/8, or remove it"
        return f"{where}, {remedy}" if network is None else Exemption(network=network, scheme=scheme)
    return _named_exemption(host, scheme, where)


def _named_exemption(host: str, scheme: str, where: str) -> Exemption | str:
    name, colon, port = host.partition(":")
    if colon and not (port.isascii() and port.isdigit() and int(port[:6]) <= 65535):
        return f"{where}, whose port is not a number; correct or remove it"
    number = int(port) if colon else None
    if _is_address(name):
        return Exemption(network=_network(name), scheme=scheme, port=number)
    if not _NAME.fullmatch(name):
        return f"{where}, which is not a host; separate hosts by commas, or remove it"
    return Exemption(name.lower().lstrip("*").rstrip("."), scheme=scheme, port=number)


def _network(host: str) -> _Network | None:
    try:
        return ipaddress.ip_network(host, strict=False)
    except ValueError:
        return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()
