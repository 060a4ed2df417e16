"""Sends requests through a provider's SDK, which is set up from the environment at the first call.

Replies are returned as bytes; engine.llm.clients.replies reads them.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from engine.llm.answers.error_bodies import shown
from engine.llm.answers.statuses import Account
from engine.llm.protocol import (
    BadRequestError,
    ConnectionFailedError,
    EnvironmentVariableError,
    LLMError,
    MissingLibraryError,
    UnreachableError,
)
from engine.log.secrets.masking import Secrets
from engine.network.checks import network_problems
from engine.network.variables import address_problems, header_lines_problems, header_problems, read

_TIMEOUT_SECONDS = 3600.0
"""Longer than any sensible `timeout_ms`, which is what ends a call that takes too long."""

_CONNECT_SECONDS = 10.0
_SHORTEST_SECRET = 8
"""A shorter key is a placeholder for a server that needs none; masking it would only garble messages."""


class Reply(Struct, frozen=True):
    """An HTTP response; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """A connection through the SDK `package`, which is imported at the first call.

    `make` makes the client of the SDK with the options that all SDKs share; `missing` is the error without it.
    """

    def __init__(
        self,
        account: Account,
        package: str,
        make: Callable[[Any, Mapping[str, Any]], Any],
        missing: str,
    ) -> None:
        self._account = account
        self._package = package
        self._make = make
        self._missing = missing
        self._starting = asyncio.Lock()
        self._client: Any = None
        self._sdk: Any = None
        self._answered = False

    @property
    def host(self) -> str:
        """The host of calls; empty before the first."""
        return str(self._client.base_url.host) if self._client is not None else ""

    @property
    def secrets(self) -> Secrets:
        """The secrets that messages must not contain."""
        values = (read(os.environ, name) for name in self._account.secrets)
        return Secrets(value for value in values if value is not None and len(value) >= _SHORTEST_SECRET)

    async def send(self, call: Callable[[Any], Awaitable[Any]]) -> Reply:
        """The reply to `call`, which makes a raw request with the client of the SDK. Raises LLMError."""
        async with self._starting:
            if self._client is None:
                self._client = await asyncio.to_thread(self._started)
        try:
            response = (await call(self._client)).http_response
        except self._sdk.APIStatusError as error:
            response = error.response
        except self._sdk.APIConnectionError as error:
            raise self._unreached(error) from None
        except ValueError as error:  # such as a lone surrogate, which UTF-8 cannot encode
            raise BadRequestError(f"the request cannot be sent: {shown(str(error))}") from None
        self._answered = True
        return Reply(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    def _started(self) -> Any:
        problems = [*account_problems(self._account, os.environ), *network_problems(os.environ)]
        if problems:
            raise EnvironmentVariableError(". ".join(problems))
        try:
            self._sdk = importlib.import_module(self._package)
        except ModuleNotFoundError:
            raise MissingLibraryError(self._missing) from None
        from httpx2 import InvalidURL

        from engine.network.client import make_client

        timeout = self._sdk.Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS)
        base_url = read(os.environ, self._account.base_url) or self._account.default_url
        try:
            http_client = make_client(os.environ, timeout=timeout, follow_redirects=True)
            options = {"base_url": base_url, "max_retries": 0, "timeout": timeout, "http_client": http_client}
            return self._make(self._sdk, options)
        except (InvalidURL, ValueError, TypeError, OSError, ImportError) as error:
            hint = "check the environment variables of the provider, proxies and certificates"
            raise EnvironmentVariableError(f"the client cannot be set up: {shown(str(error))}; {hint}") from None

    def _unreached(self, error: Exception) -> LLMError:
        from engine.network.client import proxies_of
        from engine.network.failures import is_local, read_failure

        address = self._client.base_url
        proxy = proxies_of(os.environ).route(address.scheme, address.host, address.port)
        failure = read_failure(error, proxy)
        set_by_user = read(os.environ, self._account.base_url) is not None
        checks = f"check the network{f', {proxy}' if proxy else ''} and {self._account.base_url}"
        message = f"{address.host} {failure.reason}; {failure.remedy or checks}"
        is_local_or_proxy = proxy is not None or (set_by_user and is_local(address.host))
        # What refuses the first call was never started, so waiting does not help; what has answered may come back.
        absent = failure.refused and is_local_or_proxy and not self._answered
        return (ConnectionFailedError if failure.transient and not absent else UnreachableError)(message)


def account_problems(account: Account, environment: Mapping[str, str]) -> Iterator[str]:
    """Problems of the variables of an account, a message each; none shows a key."""
    for name in account.secrets:
        yield from key_problems(name, environment)
    yield from settings_problems(account, environment)


def key_problems(name: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Problems of the key in the variable `name`."""
    return header_problems(name, read(environment, name), "copy the key again")


def settings_problems(account: Account, environment: Mapping[str, str]) -> Iterator[str]:
    """Problems of the other variables of an account."""
    yield from address_problems(account.base_url, read(environment, account.base_url))
    for name in account.headers:
        yield from header_problems(name, read(environment, name), "correct or unset it")
    for name in account.header_lines:
        yield from header_lines_problems(name, environment.get(name))
