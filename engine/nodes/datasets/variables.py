"""`${NAME}` in texts of a source: filled in from the environment, and masked in messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from engine.log.secrets.masking import MASK
from engine.nodes.kind import NodeError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SHORTEST_SECRET = 4
"""Shorter values are not masked: that would garble messages and hide nothing."""


def variables_in(text: str) -> list[str]:
    """The NAMEs of all `${NAME}` in `text`."""
    return _VARIABLE.findall(text)


def values_in(texts: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """The values that `texts` take from `environment`."""
    return [environment[name] for text in texts for name in variables_in(text) if name in environment]


def fill(text: str, where: str, environment: Mapping[str, str]) -> str:
    """Fills in the variables of `text`. Raises NodeError if one is not set; `where` says what needs it."""
    for name in variables_in(text):
        if not environment.get(name):
            message = f"{where} needs the environment variable {name}, which is not set; set it"
            raise NodeError("DatasetSource", message, retryable=False)
    return _VARIABLE.sub(lambda match: environment[match[1]], text)


def mask(text: str, secrets: Iterable[str]) -> str:
    """Masks `secrets` in `text`."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    return text
