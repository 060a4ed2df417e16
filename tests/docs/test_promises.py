"""The pages of promises: each promise names a test, and every test that they name is there."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {page: (ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("durability.md", "promises.md")}
TESTS = sorted({named for text in PAGES.values() for named in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)})


def promises(text: str) -> list[str]:
    rows = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    return [row for row in rows if not row.startswith(("promise |", "--- |"))]


@lru_cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_a_test_that_a_page_names_is_there(file: str, name: str) -> None:
    assert name in names_in(file)


@pytest.mark.parametrize("page", PAGES)
def test_each_promise_names_its_test(page: str) -> None:
    found = promises(PAGES[page])

    assert len(found) > 20
    assert [promise for promise in found if not re.search(r"\| `tests/[\w/]+\.py::\w+`", promise)] == []
