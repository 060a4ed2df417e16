"""The language of references, `when` and `until` expressions, and `{{placeholders}}` (docs/format.md, Expressions).

Knows no experience, node or state: values come from lookups.
"""

from engine.expressions.evaluator import Evaluated, ExpressionWarning, evaluate
from engine.expressions.functions import FUNCTIONS, Function
from engine.expressions.lexer import KEYWORDS, ExpressionError, Token, TokenKind
from engine.expressions.parser import ParsedExpression, parse_expression
from engine.expressions.paths import Lookup, Path, Root, Step, descend
from engine.expressions.references import Resolved, parse_reference, references, resolve
from engine.expressions.templates import (
    Placeholder,
    Rendered,
    Template,
    TemplateError,
    Text,
    parse_template,
    render,
)
from engine.expressions.tree import (
    And,
    Call,
    Compare,
    Expression,
    In,
    Literal,
    Not,
    Operator,
    Or,
    PathRef,
    children,
    paths_of,
    show,
)
from engine.expressions.values import MISSING, UNWRITTEN, Json, Missing, Unwritten, ValueKind, kind_of, to_text

__all__ = [
    "FUNCTIONS",
    "KEYWORDS",
    "MISSING",
    "UNWRITTEN",
    "And",
    "Call",
    "Compare",
    "Evaluated",
    "Expression",
    "ExpressionError",
    "ExpressionWarning",
    "Function",
    "In",
    "Json",
    "Literal",
    "Lookup",
    "Missing",
    "Not",
    "Operator",
    "Or",
    "ParsedExpression",
    "Path",
    "PathRef",
    "Placeholder",
    "Rendered",
    "Resolved",
    "Root",
    "Step",
    "Template",
    "TemplateError",
    "Text",
    "Token",
    "TokenKind",
    "Unwritten",
    "ValueKind",
    "children",
    "descend",
    "evaluate",
    "kind_of",
    "parse_expression",
    "parse_reference",
    "parse_template",
    "paths_of",
    "references",
    "render",
    "resolve",
    "show",
    "to_text",
]
