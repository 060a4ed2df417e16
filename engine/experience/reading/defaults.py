"""Checks that the default of a state field or run arg matches its schema (docs/format.md, State, Run args)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.experience.json_schema.messages import shown, wanted
from engine.experience.json_schema.schema_errors import Flaw
from engine.experience.json_schema.validation import broken_rules
from engine.experience.problems import Code, Severity
from engine.experience.source.locate import Steps
from engine.expressions import Json
from engine.expressions.values import KIND_OF_TYPE, has_type

_OWN_KEYS = {"merge", "persist", "default"}
_TYPE_ONLY = {"type", "title", "description", "examples", "writeOnly"}


def wrong_default(field: dict[str, Any]) -> str | None:
    """Why a default does not match its field, as the end of a sentence; None if it does or that is unknown.

    Null matches every type, as at run time. Schemas with a `$ref` are not checked, since it may lead to a file.
    """
    default: Json = field.get("default")
    if default is None:
        return None
    if field.get("merge") == "array_append" and not isinstance(default, list):
        return f"must be a list, since `merge: array_append` appends to it, not {shown(default)}"
    rules = {key: rule for key, rule in field.items() if key not in _OWN_KEYS}
    if rules.get("type") == "null":  # which means "not checked"
        del rules["type"]
    if not rules or "$ref" in str(rules):
        return None
    named = rules.get("type")
    # Nearly all fields: checked without jsonschema, which takes 100 ms to import.
    if isinstance(named, str) and named in KIND_OF_TYPE and rules.keys() <= _TYPE_ONLY:
        return None if has_type(default, named) else f"must be {wanted(rules)}, not {shown(default)}"
    return _violation(rules, default)


def default_flaws(args: Any, path: Steps) -> Iterator[Flaw]:
    """Reports defaults of run args that do not match: a run that relies on one is refused."""
    properties = args.get("properties") if isinstance(args, dict) else None
    for name, rule in properties.items() if isinstance(properties, dict) else ():
        reason = wrong_default(rule) if isinstance(rule, dict) else None
        if reason:
            message = f"the default of the arg `{name}` {reason}; a run without this arg is refused"
            where = (*path, "properties", name, "default")
            yield Flaw(Code.WRONG_DEFAULT, message, where, severity=Severity.WARNING, blocks=False)


def _violation(rules: dict[str, Any], default: Json) -> str | None:
    error = next(iter(broken_rules(rules, default)), None)
    if error is None:
        return None
    if error.validator == "type" and not error.absolute_path:
        return f"must be {wanted(rules)}, not {shown(default)}"
    path = error.json_path.replace("$", "default", 1)
    return f"does not match the field's schema: `{path}` violates `{error.validator}`"
