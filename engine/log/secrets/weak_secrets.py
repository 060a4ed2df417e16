"""Recognises values of key variables that cannot be keys: short ones and placeholders. Masking them would only garble
data (docs/design.md, The run log). Pure.
"""

from __future__ import annotations

import re

SHORTEST_KEY = 8
"""Characters. No issuer has shorter keys."""

_WORDS = frozenset(
    {"sk", "ant", "api03", "proj", "api", "apikey", "key", "keys", "token", "secret", "password", "value"}
    | {"my", "your", "the", "a", "an", "some", "any", "real", "own", "with", "by", "this", "that", "it", "me", "here"}
    | {"insert", "enter", "replace", "put", "add", "paste", "fill", "in", "change", "changeme", "set", "todo", "tbd"}
    | {"no", "not", "none", "null", "nil", "empty", "nothing", "undefined", "default", "disabled", "unset", "unused"}
    | {"required", "needed", "necessary", "used", "notneeded", "notrequired", "notused", "nokey", "ignored", "invalid"}
    | {"test", "tests", "testing", "fake", "dummy", "mock", "sample", "example", "demo", "placeholder"}
    | {"anthropic", "claude", "openai", "gemini", "google", "codex", "llm", "model", "provider", "server"}
    | {"local", "localhost", "ollama", "lm", "studio", "lmstudio", "vllm", "llama", "llamacpp", "cpp"}
)
"""A value of only these words is a placeholder."""

_SEPARATOR = re.compile(r"[\W_]+")
_DIGITS_IN_ORDER = "01234567890" * 8
_FEWEST_DIGITS = 6
_LONGEST_PLACEHOLDER = 64


def weakness(value: str) -> str | None:
    """Why `value` cannot be a key, for the user; None if it may be one."""
    value = value.strip()
    if len(value) < SHORTEST_KEY:
        return f"shorter than {SHORTEST_KEY} characters"
    is_placeholder = len(value) <= _LONGEST_PLACEHOLDER and all(map(_is_filler, _SEPARATOR.split(value.casefold())))
    return "a placeholder" if is_placeholder else None


def _is_filler(word: str) -> bool:
    counts_up = len(word) >= _FEWEST_DIGITS and word in _DIGITS_IN_ORDER
    return word in _WORDS or len(set(word)) <= 1 or counts_up
