"""A law: reformatting an experience changes no hash."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.cache.keys.input_hash import names_index, spec_parts
from engine.canonical import hash_value
from engine.experience.analyse import analyse
from engine.experience.model import Experience
from tests.support.examples import examples

WORDS = st.sampled_from(
    ["", "a b", "yes", "1", "null", "$.x", "it's", 'a "b"', "ü: #", "two\nlines", "- x", "{{x}}", "~"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2).map(lambda value: round(value, 2)) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
NODES = st.fixed_dictionaries(
    {"kind": st.just("tool"), "impl": st.just("./tools/a.py")},
    optional={
        "args": st.dictionaries(st.sampled_from(["a", "b", "long name"]), VALUES, max_size=3),
        "cache_key": st.sampled_from(["v 1", 2, "on"]),
        "uses": st.just(["rules/*.yaml", "data/#1.txt"]),
        "description": WORDS,
        "writes": st.just(["x"]),
    },
)


class Writer:
    """Writes a value as YAML in one of many styles, which `draw` chooses anew at every turn."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def document(self, value: dict[str, Any]) -> str:
        return "\n".join(["# a comment", *self._block(value, ""), ""])

    def _coin(self) -> bool:
        return self._draw(st.booleans())

    def _block(self, value: Any, indent: str) -> list[str]:
        lines: list[str] = []
        entries = self._entries(value) if isinstance(value, dict) else [("-", each) for each in value]
        for key, member in entries:
            lead = f"{indent}- " if key == "-" and isinstance(value, list) else f"{indent}{self._scalar(key)}: "
            if self._coin():
                lines += ["", f"{indent}# {json.dumps(str(key))}: $index"]
            if isinstance(member, (dict, list)) and member and self._coin():
                deeper = indent + " " * self._draw(st.integers(1, 4))
                lines += [lead.rstrip() + (" # why" if self._coin() else ""), *self._block(member, deeper)]
            else:
                lines.append(lead + self._flow(member) + ("   # why" if self._coin() else ""))
        return lines

    def _flow(self, value: Any) -> str:
        gap = " " if self._coin() else ""
        if isinstance(value, dict):
            members = [f"{self._scalar(key)}: {self._flow(member)}" for key, member in self._entries(value)]
            return "{" + gap + f",{gap or ' '}".join(members) + gap + "}"
        if isinstance(value, list):
            return "[" + gap + f",{gap}".join(map(self._flow, value)) + gap + "]"
        return self._scalar(value) if isinstance(value, str) else json.dumps(value)

    def _scalar(self, text: str) -> str:
        if "\n" not in text and self._coin():
            return "'" + text.replace("'", "''") + "'"
        if text.isalpha() and text not in ("yes", "null", "on") and self._coin():
            return text
        return json.dumps(text, ensure_ascii=self._coin())

    def _entries(self, value: dict[str, Any]) -> list[tuple[str, Any]]:
        return self._draw(st.permutations(list(value.items())))


@st.composite
def two_ways_to_write_it(draw: st.DrawFn) -> tuple[str, str]:
    nodes = [{"id": f"n{number}", **node} for number, node in enumerate(draw(st.lists(NODES, min_size=1, max_size=3)))]
    whole = {
        "name": "test",
        "version": "1.0.0",
        "state": {"schema": {"x": {"type": "array", "default": draw(st.lists(VALUES, max_size=2))}}},
        "graph": {"nodes": nodes, "edges": []},
    }
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    plain = json.dumps(whole, indent=1)
    return plain, Writer(draw).document(whole).replace("\n", ends)


def hashes(experience: Experience) -> dict[str, Any]:
    nodes = {
        node.id: (spec_parts(node), names_index(node), {name: hash_value(value) for name, value in node.args.items()})
        for node in experience.nodes
    }
    return {**nodes, "": hash_value(experience.starting_state())}


def read(text: str) -> Experience:
    analysis = analyse(text)
    assert analysis.experience is not None, (text, analysis.problems)
    return analysis.experience


@settings(examples(2), suppress_health_check=[HealthCheck.too_slow])
@given(two_ways_to_write_it())
def test_the_way_an_experience_is_written_changes_no_hash(written: tuple[str, str]) -> None:
    plain, styled = written

    assert hashes(read(styled)) == hashes(read(plain))
