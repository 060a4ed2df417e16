"""Converts values of files, databases and other programs to JSON."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import math
import uuid
from typing import Any

from engine.expressions import Json

_LAST_EXACT = 2**53 - 1
"""The largest integer that JSON's numbers hold exactly (RFC 8785)."""


class NoRowError(ValueError):
    """A value that no row can hold. The message says why and what to do; `line` counts from 1, None if unknown."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def parse_json(text: str | bytes) -> Json:
    """Parses `text`. Raises NoRowError, with the line of the error."""
    try:
        value: Json = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise NoRowError(f"not JSON at column {error.colno}: {error.msg}", error.lineno) from None
    except UnicodeDecodeError:
        raise NoRowError("not UTF-8 text; convert it to UTF-8") from None
    except RecursionError:
        raise NoRowError("nested too deeply") from None
    return value


def to_json(value: Any) -> Json:
    """A cell of a table as JSON.

    Times become ISO 8601 text, durations seconds, decimals and UUIDs text, bytes base64, NaN null. Raises
    NoRowError.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return _exact(value)
    if isinstance(value, float):
        return None if math.isnan(value) else _finite(value)
    if isinstance(value, dict):
        return {str(key): to_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(inner) for inner in value]
    return _scalar(value)


def _scalar(value: Any) -> Json:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    raise NoRowError(f"a value of type {type(value).__name__} cannot be represented in JSON")


def _exact(value: int) -> int:
    if abs(value) > _LAST_EXACT:
        raise NoRowError(f"the number {value} is too large for JSON to hold exactly; make it a string")
    return value


def _finite(value: float) -> float:
    if math.isinf(value):
        raise NoRowError("infinity cannot be represented in JSON")
    return value


def _integer(digits: str) -> int:
    if len(digits) > 17:  # int() rejects very long ones with its own message
        raise NoRowError(f"the number {digits[:40]} is too large for JSON to hold exactly; make it a string")
    return _exact(int(digits))


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NoRowError(f"the number {digits[:40]} is too large for JSON; make it a string")
    return value


def _constant(name: str) -> float:
    raise NoRowError(f"{name} is not JSON; write null")
