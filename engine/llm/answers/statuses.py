"""Turns error responses into errors, for providers that follow the usual conventions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from msgspec import Struct

from engine.llm.answers.error_bodies import ErrorBody, read_error, read_error_body, shown
from engine.llm.protocol import (
    AuthFailedError,
    BadRequestError,
    LLMError,
    OverloadedError,
    RateLimitedError,
    ServerFailedError,
    SpendLimitError,
    UnknownModelError,
)
from engine.log.secrets.masking import Secrets

_SPENT_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
"""OpenAI's codes of a 429 that waiting does not help."""

_UNRELATED = frozenset({401, 402, 403, 407, 408, 409, 425, 429})
"""Statuses of errors that are not about the content of the request."""

OK = 200


class Account(Struct, frozen=True):
    """The account with a provider: its name in messages, its environment variables, and the page of its limits."""

    name: str
    secrets: tuple[str, ...]
    base_url: str
    default_url: str
    limits_page: str
    headers: tuple[str, ...] = ()
    header_lines: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The variable of the key."""
        return self.secrets[0]


class Refusal(Struct, frozen=True):
    """An error response: its status (200 where the error is in the body), its headers with lower-case names, and the
    message and code in its body.
    """

    status: int
    headers: Mapping[str, str]
    said: str
    code: str | None = None

    @property
    def is_about_tool_choice(self) -> bool:
        """Whether the model refuses to be forced to call a tool."""
        said = self.said.lower().replace("-", "_").replace(" ", "_")
        return self.status not in _UNRELATED and "tool_choice" in said


def read_refusal(status: int, headers: Mapping[str, str], body: bytes, secrets: Secrets) -> Refusal:
    """Reads an error response, and masks secrets in it."""
    return _refusal(status, headers, read_error_body(body), secrets)


def embedded_refusal(headers: Mapping[str, str], error: object, secrets: Secrets) -> Refusal:
    """Reads the error in the body of a response of status 200."""
    found = read_error(error)
    return _refusal(found.status or OK, headers, found, secrets)


def _refusal(status: int, headers: Mapping[str, str], found: ErrorBody, secrets: Secrets) -> Refusal:
    return Refusal(status, headers, shown(secrets.masked(found.said)) or "no details", found.code)


def error_of(refusal: Refusal, account: Account, model: str) -> LLMError:
    """The error for a refusal, with the message of the provider and the remedy."""
    status, said = refusal.status, refusal.said
    wait = retry_after(refusal.headers)
    if status == 402 or (status == 429 and _is_spent(refusal)):
        return SpendLimitError(f"spending limit reached ({said}); raise it at {account.limits_page}")
    if status == 429:
        return RateLimitedError(f"rate limit exceeded ({said}); set `runtime.limits`, or wait", wait)
    if status == 529:
        return OverloadedError(f"the provider is overloaded ({said}); try again later", wait)
    if status == OK:
        return ServerFailedError(f"the server answered with an error ({said}); try again later", wait)
    if status >= 500 or status in (408, 409, 425):
        return ServerFailedError(f"the server failed with {status} ({said}); try again later", wait)
    return _refused(refusal, account, model)


def _refused(refusal: Refusal, account: Account, model: str) -> LLMError:
    status, said = refusal.status, refusal.said
    if status == 401:
        return AuthFailedError(f"invalid key ({said}); check {account.key}")
    if status == 403:
        return AuthFailedError(f"permission denied ({said}); check the permissions of the key")
    if status == 404:
        return UnknownModelError(f"model or address not found: {model} ({said}); check `model` and {account.base_url}")
    if status == 407:
        return BadRequestError(f"the proxy requires a name and a password ({said}); add them to its variable")
    return BadRequestError(f"the request was rejected with {status} ({said})")


def _is_spent(refusal: Refusal) -> bool:
    return refusal.headers.get("x-should-retry") == "false" or refusal.code in _SPENT_CODES


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The wait in seconds that `headers` ask for; None without one.

    `retry-after` is seconds or a date (RFC 9110); `retry-after-ms`, which OpenAI and Azure send, is finer.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if value is None or seconds is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now))
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else max(0.0, float(text))
    except ValueError:
        return None
