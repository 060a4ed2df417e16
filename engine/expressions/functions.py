"""The functions of the expression language, one entry each: name, parameters, meaning, computation."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from engine.expressions.comparison import Answer, Operand, contains, ends_with, length, starts_with
from engine.expressions.values import MISSING


class Function(Struct, frozen=True):
    """A function: what the parser checks, the evaluator calls, and completion and hover show."""

    name: str
    parameters: tuple[str, ...]
    meaning: str
    apply: Callable[..., Answer]

    @property
    def signature(self) -> str:
        """The function as it is written: `contains(container, item)`."""
        return f"{self.name}({', '.join(self.parameters)})"


def _defined(value: Operand) -> Answer:
    return Answer(value is not MISSING)


_ALL = (
    Function(
        "length",
        ("value",),
        "The number of items of a list or characters of a text; 0 for anything else.",
        length,
    ),
    Function(
        "contains",
        ("container", "item"),
        "Whether a list has the item, a text has the part, or an object has the key; `item in container`.",
        contains,
    ),
    Function("startsWith", ("text", "beginning"), "Whether the text begins with the other one.", starts_with),
    Function("endsWith", ("text", "end"), "Whether the text ends with the other one.", ends_with),
    Function("defined", ("value",), "Whether there is a value at all; null is one.", _defined),
)
FUNCTIONS = {function.name: function for function in _ALL}
