"""`${NAME}` in texts of a source: filled in from the environment, and kept out of every message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from engine.log.secrets.masking import MASK
from engine.nodes.kind import NodeError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SHORTEST_SECRET = 4
"""A shorter value is not looked for: masked everywhere, it would garble a message and hide nothing."""


def variables_in(text: str) -> list[str]:
    """The names that `text` has as `${NAME}`."""
    return _VARIABLE.findall(text)


def values_in(texts: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """The values that `texts` take from `environment`."""
    return [environment[name] for text in texts for name in variables_in(text) if name in environment]


def fill(text: str, where: str, environment: Mapping[str, str]) -> str:
    """`text` with every variable's value. Raises NodeError where one is not set; `where` is what needs it."""
    for name in variables_in(text):
        if not environment.get(name):
            message = f"{where} needs the environment variable {name}, which is not set; set it"
            raise NodeError("DatasetSource", message, retryable=False)
    return _VARIABLE.sub(lambda match: environment[match[1]], text)


def mask(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    return text
