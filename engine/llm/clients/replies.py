"""Tells answers from refusals in the replies of a provider. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from engine.llm.answers.error_bodies import read_error_body, shown
from engine.llm.answers.statuses import Account, Refusal, embedded_refusal, read_refusal
from engine.llm.clients.connection import Reply
from engine.llm.protocol import InterruptedAnswerError, LLMError, MalformedReplyError
from engine.log.secrets.masking import Secrets


class Format(Struct, frozen=True):
    """The format of a provider: which bodies are answers, and where a body of status 200 holds an error."""

    what: str
    is_answer: Callable[[Mapping[str, Any]], bool]
    embedded_error: Callable[[Mapping[str, Any]], object | None]


class Body(Struct, frozen=True):
    """The JSON of a reply, and the refusal in it, if any."""

    content: Mapping[str, Any]
    refusal: Refusal | None = None


def read_reply(reply: Reply, format_: Format, secrets: Secrets, host: str, account: Account) -> Body:
    """The body of a reply. Raises LLMError if it is not of a form that the provider's API describes."""
    if not 200 <= reply.status < 300:
        return Body({}, read_refusal(reply.status, reply.headers, reply.body, secrets))
    try:
        value = json.loads(reply.body, strict=False)
    except (ValueError, RecursionError):
        raise _invalid_json(reply, secrets, host, account, format_) from None
    body = value if isinstance(value, dict) else {"errors": value}
    error = format_.embedded_error(body)
    if error is not None:
        return Body(body, embedded_refusal(reply.headers, error, secrets))
    if not format_.is_answer(body):
        raise _other_content(reply, secrets, host, account, format_)
    return Body(body)


def _invalid_json(reply: Reply, secrets: Secrets, host: str, account: Account, format_: Format) -> LLMError:
    if reply.body.lstrip()[:1] == b"{":
        return InterruptedAnswerError(f"the answer of {host} is truncated; try again")
    return _other_content(reply, secrets, host, account, format_)


def _other_content(reply: Reply, secrets: Secrets, host: str, account: Account, format_: Format) -> LLMError:
    said = shown(secrets.masked(read_error_body(reply.body).said))
    quoted = f" ({said})" if said else ""
    return MalformedReplyError(f"{host} did not answer with {format_.what}{quoted}; check {account.base_url}")
