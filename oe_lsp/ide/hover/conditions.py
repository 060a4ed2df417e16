"""Hovers for conditions (parsed form, types of paths) and for paths (type, meaning)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expressions import Expression, Path, Root, parse_expression, show
from engine.expressions.tree import And, Not, Or
from engine.syntax import View
from oe_lsp.ide import markdown
from oe_lsp.ide.document.experience_index import ExperienceIndex
from oe_lsp.ide.document.scalar_text import scalar_text
from oe_lsp.ide.document.value_types import shape_of_path, type_text


def describe_condition(scalar: View, index: ExperienceIndex) -> str:
    """Return the parsed form of a condition and the type of each path in it; empty if it cannot be parsed."""
    parsed = parse_expression(scalar_text(scalar).text)
    if parsed.tree is None:
        return ""
    paths = {str(path): path for path in parsed.paths}
    types = [f"- {markdown.code(text)}: {type_text(shape_of_path(path, index, None))}" for text, path in paths.items()]
    form = show(parsed.tree) if _is_plain(parsed.tree) else "\n".join(_outline(parsed.tree))
    return markdown.paragraphs([markdown.block(form), "Evaluates to a boolean.", "\n".join(types)])


def _is_plain(tree: Expression) -> bool:
    """Return whether the condition reads without knowing operator precedence."""
    parts = _parts(tree)
    return not any(_parts(part) for part in parts)


def _outline(tree: Expression, margin: str = "") -> Iterator[str]:
    """Yield the parsed condition, a line for each part."""
    parts = _parts(tree)
    if not parts:
        yield margin + show(tree)
        return
    yield margin + {Or: "any of", And: "all of", Not: "not"}[type(tree)]
    for part in parts:
        yield from _outline(part, margin + "  ")


def _parts(tree: Expression) -> tuple[Expression, ...]:
    """Return the operands of `||`, `&&`, or of `!` before one of them; else nothing."""
    if isinstance(tree, (Or, And)):
        return tree.operands
    return (tree.operand,) if isinstance(tree, Not) and isinstance(tree.operand, (Or, And)) else ()


def describe_path(path: Path, index: ExperienceIndex, node: View | None) -> str:
    """Return a path, its type, and the meaning of its root if that is not a name of the experience."""
    shape = shape_of_path(path, index, node)
    head = f"{markdown.code(str(path))}: {type_text(shape)}"
    is_named = path.root in (Root.STATE, Root.ARGS, Root.BARE, Root.EDGES) and path.steps
    return markdown.paragraphs([head, str(shape.get("description", "")), "" if is_named else path.root.meaning])
