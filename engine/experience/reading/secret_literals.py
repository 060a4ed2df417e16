"""Finds secrets in the text of an experience by the formats of their issuers (OE604)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.experience.json_schema.patterns import find
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import locate, span_inside, texts
from engine.expressions import Json
from engine.syntax import Span, View

# Only unmistakable formats: a false alarm costs more trust than a missed secret.
# For RE2, which never backtracks: a hostile text may repeat the beginning of a format.
_FORMS = (
    r"\bsk-ant-[\w-]{20,}"
    r"|\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]*[A-Za-z0-9]{32,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}"
    r"|\bgithub_pat_\w{40,}"
    r"|\bglpat-[\w-]{20,}"
    r"|\bxox[abeprs]-[A-Za-z0-9-]{20,}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bAIza[\w-]{35}"
    r"|\bhf_[A-Za-z0-9]{30,}"
    r"|\b[rs]k_live_[A-Za-z0-9]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_MARK = re.compile(r"sk-|gh[pousr]_|github_pat_|glpat-|xox|AKIA|AIza|hf_|k_live_|-----BEGIN")
"""A part of each form, without blanks or quotes, which YAML may write otherwise. Most texts have none."""
_CREDENTIALS = re.compile(r"^(?:bearer|basic|token)\s+(?P<secret>[^\s$<{][^\s$<{]{15,})$", re.IGNORECASE)
_CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization"})


def check_secrets(view: View, value: Json) -> Iterator[Problem]:
    """Reports the secrets in the texts of a value. No message shows one."""
    if not may_hold_secrets(view):
        return
    for steps, text in texts(value):
        span = _find_form(text)
        if span is None and steps and str(steps[-1]).lower() in _CREDENTIAL_HEADERS:
            credentials = _CREDENTIALS.match(text)
            span = Span(*credentials.span("secret")) if credentials else None
        if span is not None:
            scalar = locate(view, steps).value
            place = span_inside(scalar, span) if scalar is not None else view.span
            message = (
                "this looks like a secret, which anyone with this file can read; keep it in the environment"
                " (`${NAME}` in headers, `env` for tools), or take it as an arg with `writeOnly: true`"
            )
            yield Problem(Code.LITERAL_SECRET, Severity.WARNING, message, place)


def _find_form(text: str) -> Span | None:
    if not _MARK.search(text):
        return None
    found = find(_FORMS, text)
    return Span(*found) if found else None


def may_hold_secrets(view: View) -> bool:
    """False only if `check_secrets` certainly finds nothing: one search, since walking the texts of each node would
    take a tenth of the time in which a file opens.
    """
    text = view.text
    # An escape can write any part of a secret otherwise, and so can an alias.
    is_literal = view.green.portable and "\\" not in text
    return not is_literal or _MARK.search(text) is not None or "authorization" in text.lower()
