"""Explains failed requests from the exceptions of the HTTP library: a message, and whether to try again."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator

from httpx2 import HTTPError, InvalidURL, LocalProtocolError, ProxyError, TimeoutException, UnsupportedProtocol
from msgspec import Struct

from engine.network.certificates import FILE
from engine.network.proxies import ProxyVariable
from engine.visible import visible

_MAX_SHOWN = 300


class Failure(Struct, frozen=True):
    """Why a request failed: `reason` follows the name of the host in messages, `remedy` says what to do.

    `transient` says whether another try may help, `refused` whether the connection was refused.
    """

    reason: str
    remedy: str | None = None
    transient: bool = True
    refused: bool = False


def read_failure(error: BaseException, proxy: ProxyVariable | None) -> Failure:
    """The failure behind `error`, which HTTP libraries wrap several times."""
    causes = list(_causes(error))
    for cause in causes:
        failure = _failure(cause, proxy)
        if failure is not None:
            return failure
    said = next((text for cause in causes if isinstance(cause, HTTPError) and (text := _said(cause))), "")
    return Failure(f"was not reached or hung up{f' ({said})' if said else ''}")


def is_local(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


def _failure(cause: BaseException, proxy: ProxyVariable | None) -> Failure | None:
    if isinstance(cause, ssl.SSLError):
        return _tls_failure(cause)
    if isinstance(cause, ProxyError):
        said = _said(cause)
        remedy = None if proxy is None else f"correct or unset {proxy.variable}"
        # For HTTP proxies, the message starts with the status.
        return Failure(f"was not reached: the proxy said: {said}", remedy, transient=said.startswith("5"))
    if isinstance(cause, (UnsupportedProtocol, LocalProtocolError, InvalidURL, UnicodeError)):
        return Failure(f"was not called: the request cannot be sent: {_said(cause)}", transient=False)
    if isinstance(cause, (socket.gaierror, ConnectionRefusedError)):
        return _nobody_there(cause, proxy)
    return Failure("did not answer in time") if isinstance(cause, TimeoutException) else None


def _nobody_there(error: OSError, proxy: ProxyVariable | None) -> Failure:
    """The failure to find or reach an address: that of the proxy, if any, since only the proxy connects to the host."""
    refused = isinstance(error, ConnectionRefusedError)
    why = "connection refused: nothing listens there" if refused else visible(error.strerror or str(error))
    if proxy is None:
        return Failure(f"was not {'reached' if refused else 'found'} ({why})", refused=refused)
    remedy = f"start the proxy, or correct or unset {proxy.variable}"
    return Failure(f"was not reached through {proxy} ({why})", remedy, refused=refused)


def _tls_failure(error: ssl.SSLError) -> Failure | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        remedy = f"if it is your organisation's, set {FILE} to a file with its CA certificates"
        said = visible(error.verify_message)
        return Failure(f"has an untrusted certificate ({said})", remedy, transient=False)
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        return Failure("does not speak HTTPS", "write http:// if it speaks HTTP", transient=False)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors behind `error`, innermost first: that one says what happened."""
    found: list[BaseException] = []
    pending: list[BaseException] = [error]
    while pending:
        each = pending.pop()
        if any(each is other for other in found):
            continue
        found.append(each)
        behind = each.__cause__ or each.__context__  # the library hides the error of the socket, which says most
        pending += [*getattr(each, "exceptions", ()), *([behind] if behind is not None else [])]
    return reversed(found)


def _said(error: BaseException) -> str:
    said = " ".join(visible(str(error)).split())
    return said if len(said) <= _MAX_SHOWN else f"{said[:_MAX_SHOWN]}…"
