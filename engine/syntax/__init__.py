"""Parses YAML text into an error-tolerant tree with positions. Never raises; imports no other package of ours."""

from engine.syntax.green_tree import Green, NodeKind, Style
from engine.syntax.lines import Encoding, LineIndex, Position, column_of_units, units
from engine.syntax.parse import MAX_FILE_BYTES, Tree, parse
from engine.syntax.problems import SyntaxCode, SyntaxProblem
from engine.syntax.spans import Span
from engine.syntax.tree_view import EntryView, View

__all__ = [
    "MAX_FILE_BYTES",
    "Encoding",
    "EntryView",
    "Green",
    "LineIndex",
    "NodeKind",
    "Position",
    "Span",
    "Style",
    "SyntaxCode",
    "SyntaxProblem",
    "Tree",
    "View",
    "column_of_units",
    "parse",
    "units",
]
