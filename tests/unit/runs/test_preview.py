"""What is asked before a run (oe_lsp/runs/preview.py)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oe_lsp.ide.runs.start_preview import start_question
from oe_lsp.runs.preview import read_preview

CALLS = {"callee": "model", "provider": "anthropic", "most": 21, "answersUsd": 0.5, "model": "claude-haiku-4-5"}
LAST = {"costUsd": 0.2, "tokensIn": 1, "tokensOut": 1, "executions": 0, "of": 0}
NEED = {"kind": "program", "name": "codex", "message": "codex is not on PATH", "nodes": ["fix"], "stops": []}


def asked(needs: list[Any], calls: list[Any], opened: list[str] | None = None) -> str | None:
    estimate = {"most": 0, "open": opened or [], "answersUsd": 0, "unpriced": [], "calls": calls, "last": LAST}
    return start_question(read_preview(json.dumps({"needs": needs, "estimate": estimate}).encode()), "resume", 20)


def test_more_calls_than_allowed_are_counted_by_model_with_what_they_may_cost() -> None:
    text = asked([], [CALLS])

    assert text is not None
    assert text.startswith("This resume may make up to 21 model calls (claude-haiku-4-5 ")
    assert "cost up to $0.5" in text
    assert "Last time: $0.2" in text


def test_what_is_missing_is_said_with_its_nodes() -> None:
    assert asked([NEED], []) == "Missing on this machine, for nodes that may run:\n  fix: codex is not on PATH"


@pytest.mark.parametrize(
    ("needs", "calls"), [([], []), ([], [{**CALLS, "most": 20}]), ([{**NEED, "stops": ["fix"]}], [CALLS])]
)
def test_nothing_is_asked_about_few_calls_or_where_the_engine_refuses(needs: list[Any], calls: list[Any]) -> None:
    assert asked(needs, calls) is None


def test_a_number_that_is_not_known_is_asked_about() -> None:
    text = asked([], [{**CALLS, "most": 1}], ["review"])

    assert text is not None
    assert "at least 1 model call" in text
