"""Random texts that are often nearly YAML, and random valid documents."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import strategies as st

_FRAGMENTS = [
    *["a: ", "b: ", "key:", "c d:", "<<: ", "? ", ": ", "\n", "\n", "\n", "\n\n", "\r\n", "\r", "\n  ", "\n  "],
    *["\n    ", "\n      ", "\n- ", "\n  - ", "- ", "-", "[", "]", "{", "}", ", ", "'", '"', "''", "# c", " ", "  "],
    *["x", "1", "1.5", "0o7", "yes", "true", "~", "foo bar", "é", "😀", "|", "|-", "|+", "|2", ">", "\t", "\\", "\\n"],
    *["&a ", "&b ", "*a", "*b", "!!str ", "!!int ", "---\n", "...\n", "%", "@", "`", "{{ x }}"],
]

near_yaml = st.lists(st.sampled_from(_FRAGMENTS), max_size=30).map("".join)

_words = st.text(st.sampled_from("abc xyz:#-'\"{}[]|>&*!%@`,?~0189.éß😀\\\n"), max_size=12)
_leaves = st.none() | st.booleans() | st.integers(-99, 99) | _words
_data = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=4),
    max_leaves=20,
)


@st.composite
def valid_documents(draw: st.DrawFn) -> str:
    """Data as a document in one of the styles of PyYAML's emitter."""
    data: Any = draw(st.dictionaries(_words, _data, min_size=1, max_size=5))
    text: str = yaml.safe_dump(
        data,
        default_flow_style=draw(st.sampled_from([None, True, False])),
        indent=draw(st.integers(2, 6)),
        width=draw(st.sampled_from([10, 80])),
        allow_unicode=draw(st.booleans()),
        line_break=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        explicit_start=draw(st.booleans()),
        default_style=draw(st.sampled_from([None, None, "|", ">", '"', "'"])),
    )
    return text
