"""What a hover says of a condition (its parsed form and what is in it) and of a path (what it names, and its type)."""

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
    """The condition as it was understood, with the type of each path in it; nothing for one that is broken."""
    parsed = parse_expression(scalar_text(scalar).text)
    if parsed.tree is None:
        return ""
    paths = {str(path): path for path in parsed.paths}
    types = [f"- {markdown.code(text)}: {type_text(shape_of_path(path, index, None))}" for text, path in paths.items()]
    form = show(parsed.tree) if _is_plain(parsed.tree) else "\n".join(_outline(parsed.tree))
    return markdown.paragraphs([markdown.block(form), "True or false.", "\n".join(types)])


def _is_plain(tree: Expression) -> bool:
    """Whether nobody has to know what binds tighter in order to read it."""
    parts = _parts(tree)
    return not any(_parts(part) for part in parts)


def _outline(tree: Expression, margin: str = "") -> Iterator[str]:
    """The condition as it was understood, a line for each part of it."""
    parts = _parts(tree)
    if not parts:
        yield margin + show(tree)
        return
    yield margin + {Or: "any of", And: "all of", Not: "not"}[type(tree)]
    for part in parts:
        yield from _outline(part, margin + "  ")


def _parts(tree: Expression) -> tuple[Expression, ...]:
    """What `||`, `&&` or `!` joins; nothing for what is no such thing, nor for the `!` of one single thing."""
    if isinstance(tree, (Or, And)):
        return tree.operands
    return (tree.operand,) if isinstance(tree, Not) and isinstance(tree.operand, (Or, And)) else ()


def describe_path(path: Path, index: ExperienceIndex, node: View | None) -> str:
    """A path, its type, and what its root means where that is no name of the experience."""
    shape = shape_of_path(path, index, node)
    head = f"{markdown.code(str(path))}: {type_text(shape)}"
    is_named = path.root in (Root.STATE, Root.ARGS, Root.BARE, Root.EDGES) and path.steps
    return markdown.paragraphs([head, str(shape.get("description", "")), "" if is_named else path.root.meaning])
