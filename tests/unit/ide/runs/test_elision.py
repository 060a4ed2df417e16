"""Large values stay out of messages to the editor (oe_lsp/ide/runs/elide.py)."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oe_lsp.ide.runs.elide import LIMIT_BYTES, elide

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3_000),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def test_a_small_event_is_sent_as_it_is() -> None:
    event = {"type": "node.completed", "output": {"stateDelta": {"city": "Zürich"}}}

    assert elide(event) == event


def test_only_the_large_value_is_elided_not_its_parent() -> None:
    event = {"type": "node.completed", "output": {"stateDelta": {"page": "x" * 5_000, "city": "Bern"}}}

    assert elide(event)["output"] == {"stateDelta": {"page": {"$elided": 5_002}, "city": "Bern"}}


def test_many_small_values_that_are_large_together_are_elided_as_one() -> None:
    delta = {f"field{number}": "x" * 100 for number in range(100)}

    assert elide({"output": delta})["output"] == {"$elided": size(delta)}


def test_the_size_counts_bytes_not_characters() -> None:
    assert elide({"text": "é" * 1_024})["text"] == {"$elided": 2_050}


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=5))
def test_no_value_of_an_elided_event_is_over_the_limit(event: dict[str, Any]) -> None:
    assert all(size(value) <= LIMIT_BYTES for value in elide(event).values())


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=5))
def test_eliding_is_idempotent(event: dict[str, Any]) -> None:
    assert elide(elide(event)) == elide(event)
