"""What YAML reads otherwise than many people do (OE108); what it refuses is engine/syntax's to report."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expressions import Json
from engine.spec.locate import Steps, locate, texts
from engine.spec.problems import Code, Problem, Severity
from engine.syntax import Style, View

_BOOLEANS_OF_YAML_1_1 = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def check_booleans(view: View, value: Json, steps: Steps) -> Iterator[Problem]:
    """Texts under a key, without quotes, that were booleans in YAML 1.1 (docs/format.md, Reading)."""
    for inner, text in texts(value, steps):
        meant = _BOOLEANS_OF_YAML_1_1.get(text.lower())
        scalar = locate(view, inner).value if meant else None
        if meant and scalar is not None and scalar.style is Style.PLAIN:
            message = f"this is the text '{text}', not {meant}; write `{meant}`, or put quotes around the text"
            yield Problem(Code.NO_BOOLEAN, Severity.HINT, message, scalar.span, data={"suggestion": meant})
