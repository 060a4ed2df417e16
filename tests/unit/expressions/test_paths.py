"""What a path is, where its parts stand, and where it leads."""

from __future__ import annotations

import pytest

from engine.expressions import MISSING, Json, Path, Root, descend, parse_reference
from engine.syntax.spans import Span


def the_path(text: str) -> Path:
    path = parse_reference(text)
    assert path is not None, f"{text} is no path"
    return path


@pytest.mark.parametrize(
    ("text", "root", "steps"),
    [
        ("$.field", Root.STATE, ["field"]),
        ("$.field.sub.0", Root.STATE, ["field", "sub", 0]),
        ("$.list[0]", Root.STATE, ["list", 0]),
        ("$.grid[1][20].name", Root.STATE, ["grid", 1, 20, "name"]),
        ("$.field.2fa", Root.STATE, ["field", "2fa"]),
        ("$.list.007", Root.STATE, ["list", "007"]),
        ("$item", Root.ITEM, []),
        ("$item.key", Root.ITEM, ["key"]),
        ("$item[0]", Root.ITEM, [0]),
        ("$index", Root.INDEX, []),
        ("$args.x", Root.ARGS, ["x"]),
        ("$edges.node_id", Root.EDGES, ["node_id"]),
        ("$iter", Root.ITER, []),
        ("$loop", Root.LOOP, []),
        ("$pipeline", Root.PIPELINE, []),
    ],
)
def test_a_path_has_a_root_and_steps(text: str, root: Root, steps: list[str | int]) -> None:
    path = the_path(text)

    assert path.root is root
    assert [step.value for step in path.steps] == steps
    assert path.span == Span(0, len(text))


@pytest.mark.parametrize(
    "text",
    ["$", "$.", "$.0", "$..a", "$.a.", "$.a..b", "$.a[", "$.a[]", "$.a[-1]", "$.a[x]", "$.a[1.5]", "$.a[01]", "$.a b",
     " $.count", "$.count ", "$.count + 1", "Hello $.name", "$items", "$nothing", "$.é", '$.a["b"]', "$.a[*]", "name",
     "$.a-b", "$.a\n", "", "$.list[9999999999999999999999]"],
)  # fmt: skip
def test_what_is_not_exactly_one_path_is_no_reference(text: str) -> None:
    assert parse_reference(text) is None


def test_every_step_knows_where_it_stands() -> None:
    text = "$.report.rows[12].id"

    spans = [step.span for step in the_path(text).steps]

    assert [text[span.start : span.end] for span in spans] == ["report", "rows", "12", "id"]


def test_an_index_is_the_same_with_a_dot_and_in_brackets() -> None:
    assert the_path("$.list.0") == the_path("$.list[0]")
    assert str(the_path("$.list.0.id")) == "$.list[0].id"


def test_where_a_path_stands_is_no_part_of_what_it_is() -> None:
    assert the_path("$.list[0]") in {the_path("$.list.0"): "seen"}


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        ({"a": {"b": 2}}, "$item.a.b", 2),
        ({"a": None}, "$item.a", None),
        ({"a": None}, "$item.a.b", MISSING),
        ({"a": 1}, "$item.b", MISSING),
        ({"0": "zero"}, "$item[0]", "zero"),
        ({"length": 9}, "$item.length", 9),
        ([10, 20], "$item[1]", 20),
        ([10, 20], "$item.1", 20),
        ([10, 20], "$item[2]", MISSING),
        ([10, 20], "$item.01", MISSING),
        ([10, 20], "$item.length", 2),
        ([10, 20], "$item.name", MISSING),
        ([], "$item.length", 0),
        ("text", "$item.length", MISSING),
        ("text", "$item[0]", MISSING),
        (True, "$item.x", MISSING),
        (7, "$item", 7),
    ],
)
def test_a_path_leads_where_javascript_would_go(value: Json, path: str, found: Json) -> None:
    assert descend(value, the_path(path).steps) == found


@pytest.mark.parametrize("root", list(Root))
def test_every_root_says_what_it_names(root: Root) -> None:
    assert root.meaning.endswith(".")
