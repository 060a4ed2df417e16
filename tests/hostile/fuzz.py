"""What any bytes may do to the readers: a tree with problems, records with problems, or one documented error."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from engine.experience.analyse import analyse
from engine.log.events.codec import encode
from engine.log.reading.head_tail import read_ends
from engine.log.reading.reader import UnreadableLogError, read_log
from engine.log.reading.summary import summarise
from engine.log.reading.view import fold
from tests.hostile.bounds import calls_of, memory_of
from tests.hostile.stranger import completed, finished, lines_of, started

_LINES = lines_of(started(), completed(), finished()).splitlines(keepends=True)
_JSON = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"\\u",
    b"d800",
    b"1e999",
    b"-",
    b"null",
    b"NaN",
    b"\n",
    b"\xff",
    b"$at",
]
_YAML = [
    "- ",
    "? ",
    ": ",
    "a: ",
    "&a ",
    "*a",
    "<<: ",
    "[",
    "]",
    "{",
    "}",
    "|",
    ">",
    "\n",
    "\n  ",
    "\t",
    "!!int ",
    "'",
    '"',
]
_YAML += [
    "---\n",
    "...",
    "%YAML 9",
    "0x",
    "2001-13-45",
    "9" * 40,
    "\x00",
    "\ud800",
    "\u2028",
    "name: ",
    "graph:\n  nodes:\n",
]
_YAML += ["  - {id: a, kind: tool, impl: a.py}\n", "when: '$.a == ((", "{{$.", "}}"]

logs = st.lists(st.sampled_from(_LINES) | st.sampled_from(_JSON) | st.binary(max_size=20), max_size=60).map(b"".join)
changed_logs = st.tuples(st.integers(0, sum(map(len, _LINES))), st.sampled_from(_JSON)).map(
    lambda change: b"".join(_LINES)[: change[0]] + change[1] + b"".join(_LINES)[change[0] + 1 :]
)
texts = st.lists(st.sampled_from(_YAML) | st.text(max_size=8), max_size=80).map("".join)


MOST_CALLS = 100_000
MOST_CALLS_PER_CHARACTER = 3_000
MOST_BYTES = 16_000_000
"""What a short text or log may cost whatever it says: far more than any does, far less than one that goes off."""


def reads_a_log(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert calls_of(lambda: read_whole(path)) <= MOST_CALLS + MOST_CALLS_PER_CHARACTER * len(content)
    assert memory_of(lambda: read_whole(path)) <= MOST_BYTES


def reads_a_text(text: str) -> None:
    assert calls_of(lambda: analyse(text)) <= MOST_CALLS + MOST_CALLS_PER_CHARACTER * len(text)
    assert memory_of(lambda: analyse(text)) <= MOST_BYTES
    for problem in analyse(text).problems:
        # One past the end at most: where something is missing, there is nothing to underline.
        assert 0 <= problem.span.start <= problem.span.end <= len(text) + 1
        assert problem.message


def read_whole(path: Path) -> None:
    """Read a log and what lists and views make of it, and check that they agree. No error but the documented one."""
    try:
        log = read_log(path)
    except UnreadableLogError:
        return
    for record in log.records:
        encode(record)
    assert summarise(fold(log.records), alive=False) is not None
    assert len(log.records) + len(log.problems) <= path.read_bytes().count(b"\n")
    assert read_ends(path).started == log.records[0]
