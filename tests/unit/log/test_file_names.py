"""Names of files as texts that a log can hold (engine/file_names.py), and events that hold any other."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from engine.file_names import as_on_disk, writable
from engine.log.events.codec import decode, encode, writable_event
from engine.log.events.events import ErrorInfo, Location, NodeFailed, NodeWarning, Record
from engine.visible import visible, visible_json

ODD = st.lists(
    st.sampled_from([b"\\", b"x", b"5c", b"e9", b"\xe9", b"\xff", b"a", "é".encode(), b"/", b"\n"])
    | st.binary(max_size=3),
    max_size=12,
)
NAMES = ODD.map(b"".join).map(os.fsdecode)


@given(NAMES, NAMES)
def test_no_two_names_are_written_alike_and_each_is_read_back(one: str, other: str) -> None:
    writable(one).encode()
    assert as_on_disk(writable(one)) == one
    assert (writable(one) == writable(other)) == (one == other)


@given(st.text())
def test_a_name_that_a_text_can_hold_is_written_as_it_is(name: str) -> None:
    plain = name.replace("\\x", "x")

    assert writable(plain) == plain


def test_what_people_see_is_what_the_log_says() -> None:
    name = os.fsdecode(b"caf\xe9")

    assert visible(name) == writable(name) == "caf\\xe9"
    assert visible_json(f'"{name}"') == '"caf\\\\xe9"'


def test_an_event_that_names_such_a_file_is_written_and_the_values_in_it_stay() -> None:
    name = os.fsdecode(b"/caf\xe9/a.py")
    event = NodeFailed(
        node_id="a",
        attempt_id="1",
        duration_ms=1.5,
        error=ErrorInfo(type="X", message=f"{name} is gone", location=Location(name, 3)),
    )

    made = writable_event(event)

    assert made.error.location == Location("/caf\\xe9/a.py", 3)
    record = Record(0, "2026-01-01T00:00:00.000Z", "r", made)
    assert decode(encode(record)) == record
    plain = NodeWarning(node_id="a", message="\\xe9 é")
    assert writable_event(plain) == plain
