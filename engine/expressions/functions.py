"""The functions of the expression language: name, parameters, description and implementation of each."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from engine.expressions.comparison import Answer, Operand, contains, ends_with, length, starts_with
from engine.expressions.values import MISSING


class Function(Struct, frozen=True):
    """A function, as the parser, the evaluator, completion and hover need it."""

    name: str
    parameters: tuple[str, ...]
    meaning: str
    apply: Callable[..., Answer]

    @property
    def signature(self) -> str:
        """The function as written: `contains(container, item)`."""
        return f"{self.name}({', '.join(self.parameters)})"


def _defined(value: Operand) -> Answer:
    return Answer(value is not MISSING)


_ALL = (
    Function(
        "length",
        ("value",),
        "The number of items in a list or of characters in text; 0 for any other value.",
        length,
    ),
    Function(
        "contains",
        ("container", "item"),
        "Tests whether a list has the item, text has the part, or an object has the key; same as `item in container`.",
        contains,
    ),
    Function("startsWith", ("text", "beginning"), "Tests whether text begins with other text.", starts_with),
    Function("endsWith", ("text", "end"), "Tests whether text ends with other text.", ends_with),
    Function("defined", ("value",), "Tests whether there is a value; null is one.", _defined),
)
FUNCTIONS = {function.name: function for function in _ALL}
