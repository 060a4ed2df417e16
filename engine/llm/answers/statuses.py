"""What an answer that is an error means, for providers that follow the usual conventions."""

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
"""Of OpenAI: a 429 that no waiting mends."""

_UNRELATED = frozenset({401, 402, 403, 407, 408, 409, 425, 429})
"""Statuses of errors that are about something else than what was asked."""

OK = 200


class Account(Struct, frozen=True):
    """How messages call a provider, and what its user can set: variables of the environment, and a page for limits."""

    name: str
    secrets: tuple[str, ...]
    base_url: str
    default_url: str
    limits_page: str
    headers: tuple[str, ...] = ()
    header_lines: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The variable that holds the key."""
        return self.secrets[0]


class Refusal(Struct, frozen=True):
    """An answer that is none: its status (200 where the error came inside), its headers with lower-case names, and
    what its body says.
    """

    status: int
    headers: Mapping[str, str]
    said: str
    code: str | None = None

    @property
    def is_about_tool_choice(self) -> bool:
        """Whether the model does not let itself be told to call a tool."""
        said = self.said.lower().replace("-", "_").replace(" ", "_")
        return self.status not in _UNRELATED and "tool_choice" in said


def read_refusal(status: int, headers: Mapping[str, str], body: bytes, secrets: Secrets) -> Refusal:
    """The refusal in the body of an error, without secrets."""
    return _refusal(status, headers, read_error_body(body), secrets)


def embedded_refusal(headers: Mapping[str, str], error: object, secrets: Secrets) -> Refusal:
    """The refusal in the body, or a part of it, of an answer whose own status is 200."""
    found = read_error(error)
    return _refusal(found.status or OK, headers, found, secrets)


def _refusal(status: int, headers: Mapping[str, str], found: ErrorBody, secrets: Secrets) -> Refusal:
    return Refusal(status, headers, shown(secrets.masked(found.said)) or "no details", found.code)


def error_of(refusal: Refusal, account: Account, model: str) -> LLMError:
    """The error that a refusal stands for, with what the provider said and what to do."""
    status, said = refusal.status, refusal.said
    wait = retry_after(refusal.headers)
    if status == 402 or (status == 429 and _is_spent(refusal)):
        return SpendLimitError(f"the account's limit is reached ({said}); raise it at {account.limits_page}")
    if status == 429:
        return RateLimitedError(f"too many requests ({said}); set `runtime.limits`, or wait", wait)
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
        return AuthFailedError(f"the key was not accepted ({said}); check {account.key}")
    if status == 403:
        return AuthFailedError(f"the key may not do this ({said}); check what it is allowed")
    if status == 404:
        return UnknownModelError(f"no such model or address: {model} ({said}); check `model` and {account.base_url}")
    if status == 407:
        return BadRequestError(f"the proxy wants a name and a password ({said}); put them into its variable")
    return BadRequestError(f"the request was not accepted, {status} ({said})")


def _is_spent(refusal: Refusal) -> bool:
    return refusal.headers.get("x-should-retry") == "false" or refusal.code in _SPENT_CODES


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The wait in seconds that `headers` ask for; None where they do not.

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
