"""What a message shows of the body of an error, whoever wrote it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.llm.answers.error_bodies import read_error_body, shown
from engine.llm.answers.statuses import read_refusal
from engine.log.secrets.masking import Secrets

BODIES: list[tuple[str, Any, str, str | None]] = [
    ("Anthropic", {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}, "Busy", "529"),
    ("OpenAI", {"error": {"message": "No", "type": "invalid_request_error", "code": "model_not_found"}}, "No", "404"),
    ("a parameter", {"error": {"message": "Invalid value", "param": "tools"}}, "Invalid value: parameter tools", None),
    ("a text", {"error": "model m does not support tools"}, "model m does not support tools", None),
    ("a text and a code", {"error": "Busy", "code": 503}, "Busy", "503"),
    (
        "a text with its title",
        {"status": 404, "error": "Not Found", "message": "No route"},
        "Not Found: No route",
        "404",
    ),
    ("FastAPI's detail", {"detail": "Not authenticated"}, "Not authenticated", None),
    (
        "FastAPI's list of details",
        {"detail": [{"loc": ["body", "n", 0], "msg": "field required", "type": "missing"}]},
        "field required: at body.n.0",
        None,
    ),
    ("an object in detail", {"detail": {"error": {"message": "Deep", "code": 500}}}, "Deep", "500"),
    ("Google's list", [{"error": {"code": 429, "message": "Slow down", "status": "X"}}], "Slow down", "429"),
    ("Google's status", {"error": {"message": "Down", "status": "UNAVAILABLE"}}, "Down", "503"),
    ("problem details", {"title": "Quota", "detail": "None left", "status": 402}, "None left: Quota", "402"),
    (
        "OpenRouter's raw words",
        {"error": {"message": "Provider returned error", "code": 502, "metadata": {"raw": '{"error":"Boom"}'}}},
        "Provider returned error: Boom",
        "502",
    ),
    ("errors", {"errors": [{"message": "One"}, "Two"]}, "One: Two", None),
    ("OAuth", {"error": "invalid_token", "error_description": "Expired"}, "invalid_token: Expired", None),
    ("a code of their own", {"code": 1302, "msg": "Too fast"}, "Too fast", None),
    ("JSON in a text", {"error": '{"message": "Inner"}'}, "Inner", None),
    ("HTML in a text", {"error": "<h1>Bad Gateway</h1>"}, "Bad Gateway", None),
    ("a bare text", "Service unavailable", "Service unavailable", None),
    ("nothing that anyone knows", {"ok": False, "n": 3}, '{"ok": false, "n": 3}', None),
    ("an error that says nothing", {"error": None}, '{"error": null}', None),
    ("nothing", {}, "", None),
]


@pytest.mark.parametrize(("value", "said", "status"), [body[1:] for body in BODIES], ids=[body[0] for body in BODIES])
def test_the_message_in_a_json_body_is_found(value: Any, said: str, status: str | None) -> None:
    found = read_error_body(json.dumps(value).encode())

    assert (found.said, found.status) == (said, None if status is None else int(status))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"upstream connect error", "upstream connect error"),
        (b"", ""),
        (
            b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>p{}</style><script>1<2</script></head>"
            b"<body><!-- cf --><h1>502 Bad Gateway</h1><p>The origin &amp; more</p></body></html>",
            "502 Bad Gateway The origin & more",
        ),
        ("\ufeffdéjà".encode(), "déjà"),
        ("Zugriff verweigert für Sie".encode("latin-1"), "Zugriff verweigert f\ufffdr Sie"),
        (b'{"error": {"message": "cut of', '{"error": {"message": "cut of'),
        (b"\xff\xfe\x00", "\ufffd\ufffd\x00"),
    ],
)
def test_the_message_of_a_body_other_than_json_is_its_text(body: bytes, said: str) -> None:
    assert read_error_body(body).said == said


def test_a_shown_message_is_one_short_line_without_control_characters() -> None:
    line = shown("one\n\n two\x1b[31m\u202e" + "x" * 100_000)

    assert line.startswith("one two\u241b[31m\ufffdx")
    assert line.endswith("x…")
    assert len(line) < 600


def test_a_secret_in_a_body_is_masked_before_it_is_cut() -> None:
    key = "sk-of-this-test-0123456789"
    body = json.dumps({"error": "y" * 490 + key}).encode()

    refusal = read_refusal(401, {}, body, Secrets([key]))

    assert "sk-of" not in refusal.said
    assert "***" in refusal.said


@given(st.binary())
def test_any_bytes_can_be_read(body: bytes) -> None:
    shown(read_error_body(body).said)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["error", "detail", "code"]), inner),
)


@given(JSON)
def test_any_json_can_be_read(value: Any) -> None:
    shown(read_error_body(json.dumps(value).encode()).said)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"<" * 5_000_000, b"<script>" * 500_000, b'{"error":' * 100_000, b"&amp" * 1_000_000]
)
def test_a_hostile_error_page_is_read_in_bounded_time(body: bytes) -> None:
    began = time.process_time()

    shown(read_error_body(body).said)

    assert time.process_time() - began < 2
