"""Everything that a tree says, as plain data: two trees that say the same compare equal."""

from __future__ import annotations

from typing import Any

from engine.syntax import Tree, View


def shape_of_tree(tree: Tree) -> Any:
    return (shape_of(tree.root) if tree.root else None, tree.problems)


def shape_of(view: View) -> Any:
    return (
        view.kind,
        view.style,
        view.span,
        view.text,
        repr(view.value),
        [(shape_of(entry.key), entry.value and shape_of(entry.value)) for entry in view.entries()],
        [shape_of(item) for item in view.items()],
    )


def same_data(left: Any, right: Any) -> bool:
    """Equality that tells True from 1 and 1 from 1.0, and takes NaN for itself."""
    return typed(left) == typed(right)


def typed(value: Any) -> Any:
    match value:
        case dict():
            return [(typed(key), typed(item)) for key, item in value.items()]
        case list():
            return [typed(item) for item in value]
        case _:
            return (type(value), repr(value))
