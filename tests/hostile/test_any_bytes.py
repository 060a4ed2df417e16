"""The readers of logs and of YAML, given anything (many more: tests/long)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.spec.analyse import analyse
from tests.hostile.fuzz import changed_logs, logs, reads_a_log, reads_a_text, texts


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "00000000-0000-4000-8000-000000000001.jsonl"


@settings(max_examples=300, deadline=None)
@given(logs)
def test_any_bytes_are_a_log_or_refused(log: Path, content: bytes) -> None:
    reads_a_log(log, content)


@settings(max_examples=300, deadline=None)
@given(changed_logs)
def test_a_log_with_one_change_is_a_log_or_refused(log: Path, content: bytes) -> None:
    reads_a_log(log, content)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_any_text_is_read_and_its_problems_told(text: str) -> None:
    reads_a_text(text)


BOMBS = {
    "aliases": "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40))]),
    "merge keys": "\n".join(
        ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 40))]
    ),
    "an alias of itself": "a: &a [*a, *a, *a]",
    "brackets": "[" * 200_000,
    "braces": "{" * 200_000,
    "dashes": "- " * 200_000,
    "question marks": "? " * 200_000,
    "indents": "\n".join(" " * n + "a:" for n in range(2_000)),
    "anchors": "\n".join(f"a{n}: &a{n} *a{n - 1}" for n in range(1_000)),
    "a large integer": "a: " + "9" * 1_000_000,
    "a large hexadecimal": "a: 0x" + "f" * 1_000_000,
    "a bad date": "a: 2001-13-45\nb: 9999-99-99T99:99:99Z\nc: !!timestamp 2001-02-30",
    "control characters": "\x01" * 200_000,
    "quotes": "'" * 200_000,
    "tags": "!a " * 100_000,
    "equal keys": "a: 1\n" * 20_000,
    "a condition": "graph: {edges: [{from: a, to: b, when: '" + "(" * 100_000 + "'}]}",
    "a placeholder": "graph: {nodes: [{id: a, kind: agent, prompt: '" + "{{$." * 50_000 + "'}]}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str) -> None:
    began = time.process_time()

    analysis = analyse(BOMBS[name])

    assert analysis.problems
    assert time.process_time() - began < 30  # what goes off takes minutes, or all memory
