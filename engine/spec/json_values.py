"""Values against JSON Schemas that people write. Nothing is ever fetched: a `$ref` may name any address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.expressions import Json

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator


def offline_validator(schema: Mapping[str, Any]) -> Validator:
    """What checks values against `schema`. Of a `$ref` that leads out of it, it raises referencing's Unresolvable."""
    # Imported here because it takes about 100 ms, which nobody should pay who has nothing to check.
    from jsonschema import Draft202012Validator
    from referencing import Registry

    return Draft202012Validator(dict(schema), registry=Registry())  # the default registry fetches


def broken_rules(schema: Mapping[str, Any], value: Json) -> list[ValidationError]:
    """What `value` breaks of `schema`; nothing where the schema itself is at fault, which is another problem."""
    from jsonschema import Draft202012Validator, SchemaError
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(schema)
        return list(offline_validator(schema).iter_errors(value))
    except (SchemaError, Unresolvable, re.error, RecursionError):
        return []
