"""Masking finds a secret in every form that programs write it in, and wherever a stream or a message was cut."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log.secrets.masking import MaskedStream, Secrets

SECRET = 'p/ss wörd+"?&~-0123456789-abcdefghij'


def streamed(secrets: Secrets, *pieces: bytes) -> bytes:
    stream = MaskedStream(secrets)
    return b"".join([*(stream.feed(piece) for piece in pieces), stream.end()])


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps({"key": SECRET}))[1:-1],
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="!'()*"),
        quote(SECRET, safe="").replace("%C3%B6", "%c3%b6").replace("%2F", "%2f"),
        quote_plus(SECRET),
    ],
)
def test_a_secret_is_masked_as_json_and_urls_write_it(form: str) -> None:
    masked = Secrets([SECRET]).masked(f"key={form};")

    assert "***" in masked
    assert "0123456789" not in masked


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("after", ["", "\n", " and more"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_hides_no_secret_wherever_it_stands_in_what_was_encoded(before: str, after: str, encode) -> None:
    encoded = encode((before + SECRET + after).encode()).decode()

    masked = Secrets([SECRET]).masked(f"Authorization: Basic {encoded}")

    assert "***" in masked
    parts = re.findall(r"[\w+/-]+", masked)
    shifted = ["A" * shift + part for part in parts for shift in range(4)]
    left = [
        base64.b64decode(part + "A" * (-len(part) % 4), "-_" if encode is base64.urlsafe_b64encode else None)
        for part in shifted
    ]
    known = SECRET.encode()
    assert not any(known[at : at + 4] in each for each in left for at in range(len(known) - 3))


def test_what_a_message_shows_of_a_long_secret_that_it_cuts_is_masked() -> None:
    key = "sk-ant-api03-" + "Qq7" * 30
    secrets = Secrets([key])

    assert secrets.masked(f"got {key[:57]}...") == "got ***..."
    assert secrets.masked(f"…{key[-40:]}: refused") == "…***: refused"
    assert secrets.masked("an sk-ant-api03- key") == "an sk-ant-api03- key"


def test_a_secret_that_begins_another_hides_no_end_of_it() -> None:
    secrets = Secrets(["abcd", "abcd-efgh", "efgh-ijkl"])

    assert secrets.masked("abcd-efgh-ijkl") == "***"
    assert streamed(secrets, b"abcd", b"-efgh", b"-ijkl.") == b"***."


def test_what_is_held_back_is_no_longer_than_a_secret() -> None:
    stream = MaskedStream(Secrets(["aaaaaaaa"]))

    shown = [stream.feed(b"a" * 1000) for _ in range(100)]

    assert b"".join(shown).replace(b"*", b"") == b""


@given(st.lists(st.text("ab", min_size=4, max_size=9), max_size=4), st.text("ab", max_size=60), st.data())
def test_no_cut_of_a_stream_changes_what_becomes_of_it(values: list[str], text: str, data: st.DataObject) -> None:
    secrets = Secrets(values)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[start:end].encode() for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    shown = streamed(secrets, *pieces).decode()

    assert not any(value in shown for value in values)
    if not any(value in text for value in values):
        assert shown == text


def test_numbers_are_masked_in_values_and_nowhere_else() -> None:
    secrets = Secrets([4815162342, True, None, 12])

    assert secrets.masked_value({"pin": 4815162342, "on": True, "few": 12}) == {"pin": "***", "on": True, "few": 12}
    assert secrets.are_in({"pin": 4815162342})
    assert not secrets.are_in({"pin": 48151623420})


def test_a_key_that_is_no_utf_8_is_masked_and_breaks_nothing() -> None:
    assert streamed(Secrets(["key-\udcff-0123"]), b"<key-\xff-0123>") == b"<***>"


def test_a_short_secret_does_not_garble_everything_else() -> None:
    assert Secrets(["a"]).masked("banana") == "banana"


@pytest.mark.parametrize(
    ("data", "masked"),
    [
        ("PIN 1234 is wrong", "PIN *** is wrong"),
        ("1234", "***"),
        (1234, "***"),
        ({"1234": [1234]}, {"***": ["***"]}),
        ("pin=1234&next=1", "pin=***&next=1"),
        ("order-51234 of 12345", "order-51234 of 12345"),
        ({"constest1234": "latest"}, {"constest1234": "latest"}),
        (12345, 12345),
    ],
)
def test_a_short_secret_is_masked_in_data_only_where_it_is_a_whole_word(data: object, masked: object) -> None:
    assert Secrets(["1234", "test"]).masked_value(data) == masked


def test_what_becomes_known_later_is_masked_from_then_on() -> None:
    secrets = Secrets(["first-secret"])
    secrets.add(["later-secret"])

    assert secrets.masked("first-secret, later-secret") == "***, ***"
    assert secrets.are_in(["later-secret"])
