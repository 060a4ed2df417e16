"""Checks of the environment variables that every request depends on."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping

from engine.network.certificates import FILE, FOLDER, certificate_problems
from engine.network.proxies import proxy_problems, read_proxies
from engine.network.variables import read
from engine.visible import visible

_OF_OTHERS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Certificates for other programs, which users may expect to apply here."""


def network_problems(environment: Mapping[str, str]) -> Iterator[str]:
    """Problems of the variables for proxies and certificates, a message each. Reads the files that they name."""
    yield from proxy_problems(environment, socks_installed=importlib.util.find_spec("socksio") is not None)
    yield from certificate_problems(environment)


def network_settings(environment: Mapping[str, str]) -> str:
    """The proxies and certificates in use, in words."""
    proxies = ", ".join(dict.fromkeys(str(proxy) for proxy in read_proxies(environment).by_scheme.values()))
    names = [name for name in (FILE, FOLDER) if read(environment, name)]
    certificates = ", ".join(f"{name} ({visible(read(environment, name) or '')})" for name in names)
    other = next((name for name in _OF_OTHERS if read(environment, name) and not names), None)
    hint = f"; {other} is ignored: set {FILE}" if other else ""
    return f"{f'through {proxies}' if proxies else 'no proxy'}, certificates of {certificates or 'the system'}{hint}"
