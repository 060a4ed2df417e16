"""Whether a state field's default fits the field's own type and merge (docs/format.md, State)."""

from __future__ import annotations

import re
from typing import Any

from engine.expressions import Json
from engine.spec.wording import shown, wanted

_OURS = {"merge", "persist", "default"}


def wrong_default(field: dict[str, Any]) -> str | None:
    """Why the field's default does not fit it, as the end of a sentence; None when it does or nobody can tell.

    Null fits every type, as at run time. What a `$ref` to a file asks for is not known here, and not guessed.
    """
    default: Json = field.get("default")
    if default is None:
        return None
    if field.get("merge") == "array_append" and not isinstance(default, list):
        return f"must be a list, since `merge: array_append` adds to it, not {shown(default)}"
    rules = {key: rule for key, rule in field.items() if key not in _OURS}
    if rules.get("type") == "null":  # which stands for: not checked
        del rules["type"]
    if not rules or "$ref" in str(rules):
        return None
    return _breaks(rules, default)


def _breaks(rules: dict[str, Any], default: Json) -> str | None:
    # Imported here because it takes about 100 ms, which a server that merely starts should not pay.
    from jsonschema import Draft202012Validator, SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(rules)
        # With a registry of its own: the default one fetches what a `$ref` names, from any address.
        error = next(Draft202012Validator(rules, registry=Registry()).iter_errors(default), None)
    except (SchemaError, Unresolvable, re.error, RecursionError):
        return None  # the field's schema is at fault, which is another problem
    if error is None:
        return None
    if error.validator == "type" and not error.absolute_path:
        return f"must be {wanted(rules)}, not {shown(default)}"
    return (
        f"does not fit the field's own schema: {error.json_path.replace('$', 'default', 1)} breaks `{error.validator}`"
    )
