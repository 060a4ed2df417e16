"""Which keys of a node can change its result (docs/format.md, Keys beyond the public format).

Every key is in exactly one of these sets; a test compares them with schemas/experience.schema.json.
"""

from __future__ import annotations

CHANGES_RESULT = frozenset(
    {
        "kind",
        "impl",
        "prompt",
        "model",
        "schema",
        "provider",
        "output_format",
        "extra_args",
        "workdir",
        "writes",
        "uses",
        "cache_key",
        "env",
        "max_tokens",
        "temperature",
        "system",
        "outputs",
        "state_scope",
    }
)
"""Hashed as written."""

BY_VALUE = frozenset({"args", "inputs", "reads", "source"})
"""Hashed by the values that they refer to when the node is ready."""

NEVER_CHANGES_RESULT = frozenset(
    {
        "id",
        "phase",
        "description",
        "on_error",
        "for_each",
        "join",
        "timeout_ms",
        "cache",
        "on_ambiguous",
        "effects",
        "produces",
    }
)
"""Not part of the input hash."""
