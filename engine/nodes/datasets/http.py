"""Reads rows from an HTTP address with one GET or POST (docs/format.md, Datasets).

Values of `${NAME}` go only to the address of the source: neither to hosts that it redirects to nor into messages.
Imports an HTTP library: import this module when the first request is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import SplitResult, urlsplit

from httpx2 import URL, HTTPError, InvalidURL, Request, Response, Timeout

from engine.experience.json_schema.messages import shown
from engine.expressions import MISSING, Json
from engine.network.checks import network_problems
from engine.network.client import make_client, proxies_of
from engine.network.failures import read_failure
from engine.nodes.datasets.source import HttpSource, Method, wrong_source
from engine.nodes.datasets.values import NoRowError, parse_json
from engine.nodes.datasets.variables import fill, mask, values_in, variables_in
from engine.nodes.kind import NodeError, Watcher

MOST_BYTES = 100 * 1024 * 1024
"""Bytes that a response may have: it becomes a value in memory."""

_LIMITS = Timeout(None, connect=30.0)
"""Seconds to connect. After that, the node's `timeout_ms` limits a request."""

_MOST_REDIRECTS = 10
_MOST_QUOTED = 200
_FINAL = frozenset({400, 401, 403, 405, 406, 410, 411, 413, 414, 415, 422, 431, 501})
"""Statuses that a repeated request gets again."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class HttpReader:
    """Makes the requests of one run. They share connections but no cookies.

    The constructor raises NodeError if a variable of the `environment` makes all requests impossible.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        problems = list(network_problems(environment))
        if problems:
            raise NodeError("EnvironmentVariable", ". ".join(problems), retryable=False)
        cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._client = make_client(environment, timeout=_LIMITS, cookies=cookies)

    async def read_rows(self, source: HttpSource, watcher: Watcher) -> list[Json]:
        """The rows that `source` returns. Raises NodeError."""
        request = self._request(source)
        if source.method is Method.GET and source.body is not MISSING:
            watcher.warning("GET sends no `source.body`; add `method: POST` to send it")
        place = f"{source.method.value} {_public(source.url)}"
        watcher.activity(place)
        secret = [name for name, text in source.headers.items() if variables_in(text)]
        try:
            return _rows(await self._exchange(request, secret))
        except _NoAnswerError as error:
            secrets = values_in(source.headers.values(), self._environment)
            message = mask(f"{place} {error.message}", secrets) + error.quote(secrets)
            raise NodeError(error.type, message, retryable=error.retryable) from None

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    def _request(self, source: HttpSource) -> Request:
        _require_address(source.url)
        headers = {name: _header(name, text, self._environment) for name, text in source.headers.items()}
        sends = source.method is Method.POST and source.body is not MISSING
        try:
            request = self._client.build_request(source.method.value, source.url, json=source.body if sends else None)
        except (InvalidURL, UnicodeError) as error:
            raise wrong_source(f"`source.url` is not a valid address: {error}") from None
        request.headers["accept"] = "application/json"
        request.headers.update(headers)
        return request

    async def _exchange(self, request: Request, secret: Iterable[str]) -> bytes:
        """The body of the response, after redirects; headers in `secret` are sent to the first host only."""
        first = request.url
        try:
            for _ in range(_MOST_REDIRECTS):
                response = await self._client.send(request, stream=True)
                try:
                    following = response.next_request
                    if following is None:
                        return await _body(response)
                finally:
                    await response.aclose()
                for name in () if _is_same_party(first, following.url) else secret:
                    following.headers.pop(name, None)
                request = following
        except HTTPError as error:
            proxy = proxies_of(self._environment).route(request.url.scheme, request.url.host, request.url.port)
            failure = read_failure(error, proxy)
            said = f"failed: {request.url.host} {failure.reason}; {failure.remedy or 'check `source.url`'}"
            raise _NoAnswerError("DatasetMissing", said, retryable=failure.transient) from None
        raise _NoAnswerError("DatasetMissing", f"was redirected {_MOST_REDIRECTS} times; check `source.url`")


@dataclass
class _NoAnswerError(Exception):
    """A request without rows. `message` continues a sentence that begins with the request; `body` is the response."""

    type: str
    message: str
    body: bytes = b""
    retryable: bool = True

    def quote(self, secrets: Iterable[str]) -> str:
        """The beginning of the response, on one line."""
        said = mask(" ".join(self.body.decode("utf-8", "replace").split()), secrets)
        return f". The answer begins: {said[:_MOST_QUOTED]}" if said else ""


async def _body(response: Response) -> bytes:
    received = bytearray()
    async for part in response.aiter_bytes():
        received += part
        if len(received) > MOST_BYTES:
            raise _NoAnswerError("DatasetRows", "returned more than 100 MB; request less at once")
    if response.is_success:
        return bytes(received)
    remedy = "; check `source.headers`" if response.status_code in (401, 403) else ""
    status = f"returned status {response.status_code} {response.reason_phrase}".rstrip()
    retryable = response.status_code not in _FINAL
    raise _NoAnswerError("DatasetMissing", status + remedy, bytes(received), retryable)


def _rows(body: bytes) -> list[Json]:
    try:
        answer = parse_json(body)
    except NoRowError as error:
        place = "" if error.line is None else f"line {error.line} is "
        raise _NoAnswerError("DatasetRows", f"did not return JSON: {place}{error}", body) from None
    if isinstance(answer, list):
        return answer
    if isinstance(answer, dict):
        return [answer]
    raise _NoAnswerError("DatasetRows", f"must return a list of rows or one object, not {shown(answer)}")


def _require_address(url: str) -> None:
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong_source(f"`source.url` must be an http:// or https:// address, not {shown(url)}")
    if variables_in(url):
        raise wrong_source("`source.url` must not contain ${NAME}: addresses are logged; use `source.headers`")


def _header(name: str, text: str, environment: Mapping[str, str]) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise wrong_source(f"`source.headers` names {shown(name)}, which is not a valid header name")
    value = fill(text, f"the header {name}", environment)
    if not value.isascii() or not value.isprintable():
        raise wrong_source(f"the header {name} contains a line break or another character that a header cannot hold")
    return value


def _is_same_party(first: URL, other: URL) -> bool:
    """Tells whether `other` is the same host as `first`, with no less safe a scheme."""
    upgraded = (first.scheme, other.scheme) == ("http", "https")
    return first.host == other.host and (upgraded or (first.scheme, first.port) == (other.scheme, other.port))


def _public(url: str) -> str:
    """`url` for messages: without the password and the query, which may be secret."""
    parts = _split(url)
    if parts is None:
        return ""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
