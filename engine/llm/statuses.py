"""What an answer with an HTTP status other than 200 means, for providers that follow the usual conventions."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from msgspec import Struct

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

_SPENT_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
"""Of OpenAI: a 429 that no waiting mends."""


class Account(Struct, frozen=True):
    """How messages call a provider, and what its user can set: variables of the environment, and a page for limits."""

    name: str
    secrets: tuple[str, ...]
    base_url: str
    limits_page: str

    @property
    def key(self) -> str:
        """The variable that holds the key."""
        return self.secrets[0]


class Refusal(Struct, frozen=True):
    """An answer that is none: its status, its headers with lower-case names, and what its body says."""

    status: int
    headers: Mapping[str, str]
    said: str
    code: str | None = None


def read_refusal(status: int, headers: Mapping[str, str], body: object, account: Account) -> Refusal:
    """The refusal in the body of an error, `{"error": {"message", "code"}}` or what is inside; without secrets."""
    inside = body.get("error", body) if isinstance(body, dict) else None
    fields = inside if isinstance(inside, dict) else {"message": inside}
    text = str(fields.get("message") or "no details")
    for secret in filter(None, map(os.environ.get, account.secrets)):
        text = text.replace(secret, "***")
    code = fields.get("code") or fields.get("type")
    return Refusal(status, headers, text, str(code) if code else None)


def error_of(refusal: Refusal, account: Account, model: str) -> LLMError:
    """The error that a refusal stands for, with what the provider said and what to do."""
    status, said = refusal.status, refusal.said
    wait = retry_after(refusal.headers)
    if status == 402 or (status == 429 and _is_spent(refusal)):
        return SpendLimitError(f"the account's limit is reached ({said}); raise it at {account.limits_page}")
    if status == 429:
        return RateLimitedError(f"too many requests ({said}); set `runtime.limits`, or wait", wait)
    if status == 529:
        return OverloadedError(f"{account.name} is overloaded ({said}); try again later", wait)
    if status >= 500:
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
    except ValueError:
        return None


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else max(0.0, float(text))
    except ValueError:
        return None
