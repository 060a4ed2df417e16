"""Validates values against users' JSON Schemas. A `$ref` is never fetched, whatever address it names.

The sizes of schema and value bound the time, even for hostile ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from engine.experience.json_schema.patterns import PatternError, UnsupportedPatternError, check_pattern
from engine.experience.json_schema.step_limit import TooManyStepsError, at_most, spend
from engine.expressions import Json

if TYPE_CHECKING:
    from jsonschema import SchemaError, ValidationError
    from jsonschema.protocols import Validator

MAX_ERRORS = 200
"""Nobody reads more."""

_BASE_STEPS = 100_000
_STEPS_PER_NODE = 100


class UncheckableError(Exception):
    """A value cannot be checked, so it is unknown whether it is valid. The message completes a sentence."""


class UnknownReferenceError(UncheckableError):
    """The schema contains a `$ref` to something outside it: `reference`."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"its schema refers to `{reference}`, which is not in the schema")
        self.reference = reference


def errors_in(schema: Mapping[str, Any], value: Json, most: int = MAX_ERRORS) -> list[ValidationError]:
    """The first errors of `value` against `schema`. Raises UncheckableError, and whatever jsonschema raises for an
    invalid schema.
    """
    return errors_by(validator_of(schema), value, most)


def validator_of(schema: Mapping[str, Any]) -> Validator:
    """A reusable validator for `schema`, for `errors_by`."""
    from referencing import Registry

    made: Validator = _checker()(dict(schema), registry=Registry())  # the default registry fetches
    return made


def errors_by(validator: Validator, value: Json, most: int = MAX_ERRORS) -> list[ValidationError]:
    """Like `errors_in`, with a validator of `validator_of`."""
    from referencing.exceptions import Unresolvable

    nodes = _nodes_of(validator.schema) + _nodes_of(value)
    try:
        with at_most(_BASE_STEPS + _STEPS_PER_NODE * nodes):
            return list(islice(validator.iter_errors(value), most))
    except TooManyStepsError:
        raise UncheckableError("its schema takes too many steps; simplify its `allOf`, `anyOf` and `$ref`") from None
    except Unresolvable as error:
        raise UnknownReferenceError(error.ref) from None
    except UnsupportedPatternError as error:
        raise UncheckableError(str(error)) from None
    except RecursionError:
        raise UncheckableError("its schema refers to itself endlessly or is nested too deeply") from None


def schema_error(schema: Any) -> SchemaError | None:
    """The first error that makes it an invalid JSON Schema, or None. An unsupported pattern is still valid.

    Raises UncheckableError if it is nested too deeply.
    """
    from jsonschema import FormatChecker, SchemaError

    patterns = FormatChecker(formats=())
    patterns.checks("regex", raises=PatternError)(_is_pattern)
    checker = _checker()
    validator = checker(checker.META_SCHEMA, format_checker=patterns)
    error = next(iter(errors_by(validator, schema, most=1)), None)
    return None if error is None else SchemaError.create_from(error)


def broken_rules(schema: Mapping[str, Any], value: Json) -> list[ValidationError]:
    """The errors of `value` against `schema`; none if the schema is invalid, which is reported elsewhere."""
    try:
        return [] if schema_error(schema) is not None else errors_in(schema, value)
    except UncheckableError:
        return []


def _is_pattern(value: object) -> bool:
    if isinstance(value, str):
        try:
            check_pattern(value)
        except UnsupportedPatternError:
            return True
    return True


@cache
def _checker() -> Any:
    """The validator class for draft 2020-12 with our own keywords, all of which count their steps."""
    # Imported here, since it takes about 100 ms and many commands check nothing.
    import attrs
    from jsonschema import Draft202012Validator, validators

    from engine.experience.json_schema.keywords import RULES

    rules = {name: _counted(rule) for name, rule in {**Draft202012Validator.VALIDATORS, **RULES}.items()}
    checker = validators.extend(Draft202012Validator, rules)  # type: ignore[no-untyped-call]
    # jsonschema's own switches to the uncounted keywords of the draft that a subschema names in `$schema`.
    checker.evolve = attrs.evolve
    return checker


def _counted(rule: Any) -> Any:
    def counted(validator: Validator, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        spend(1 + (len(wanted) >> 5 if isinstance(wanted, (list, dict)) else 0))
        for error in rule(validator, wanted, instance, schema) or ():
            spend(1 + (len(error.message) >> 6))
            yield error

    return counted


def _nodes_of(value: Any) -> int:
    count, left = 0, [value]
    while left:
        inner = left.pop()
        count += 1
        if isinstance(inner, dict):
            left += inner.values()
        elif isinstance(inner, list):
            left += inner
    return count
