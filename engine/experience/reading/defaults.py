"""Whether a default fits what it is the default of: a state field or a run arg (docs/format.md, State, Run args)."""

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

_OURS = {"merge", "persist", "default"}
_SAID_OF_A_TYPE = {"type", "title", "description", "examples", "writeOnly"}


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
    named = rules.get("type")
    # Nearly all that is asked, so it is answered without jsonschema, which takes 100 ms to import.
    if isinstance(named, str) and named in KIND_OF_TYPE and rules.keys() <= _SAID_OF_A_TYPE:
        return None if has_type(default, named) else f"must be {wanted(rules)}, not {shown(default)}"
    return _breaks(rules, default)


def default_flaws(args: Any, path: Steps) -> Iterator[Flaw]:
    """The defaults of declared run args that do not fit: a run to which such an arg is not given is refused."""
    properties = args.get("properties") if isinstance(args, dict) else None
    for name, rule in properties.items() if isinstance(properties, dict) else ():
        reason = wrong_default(rule) if isinstance(rule, dict) else None
        if reason:
            message = f"the default of the arg `{name}` {reason}: a run that is not given another is refused"
            where = (*path, "properties", name, "default")
            yield Flaw(Code.WRONG_DEFAULT, message, where, severity=Severity.WARNING, blocks=False)


def _breaks(rules: dict[str, Any], default: Json) -> str | None:
    error = next(iter(broken_rules(rules, default)), None)
    if error is None:
        return None
    if error.validator == "type" and not error.absolute_path:
        return f"must be {wanted(rules)}, not {shown(default)}"
    return (
        f"does not fit the field's own schema: {error.json_path.replace('$', 'default', 1)} breaks `{error.validator}`"
    )
