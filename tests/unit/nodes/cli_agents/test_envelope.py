"""The envelopes of coding agents: found wherever they stand, read for the answer, the error and the cost."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log.events.events import Metrics
from engine.nodes.cli_agents.envelope import Envelope, open_envelope
from tests.support.examples import one_in

USAGE = {"input_tokens": 1, "cache_read_input_tokens": 2, "output_tokens": 4, "server_tool_use": {}}
RESULT: dict[str, Any] = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "result": "hello",
    "total_cost_usd": 0.5,
    "usage": USAGE,
    "modelUsage": {"claude-sonnet-4-6": {}},
}
OPENED = Envelope("hello", None, Metrics(3, 4, 0.5, "claude-sonnet-4-6"))


def lines(*messages: object) -> str:
    """The messages as JSON Lines."""
    return "".join(json.dumps(message) + "\n" for message in messages)


WHOLE = json.dumps(RESULT)
PRETTY = json.dumps(RESULT, indent=2)
SYSTEM = {"type": "system", "subtype": "init", "session_id": "s", "tools": ["a", {"type": "result"}]}
PLACES = {
    "alone": WHOLE,
    "over several lines": PRETTY,
    "below a banner": f"Now using node v20.19.0 (npm v10.8.2)\n{WHOLE}\n",
    "below a banner with brackets, braces and quotes": f'[nvm] "v20" {{lts}} {{ "x": y }} [\n{WHOLE}\n',
    "over several lines, below a banner": f"Loading {{config}}\n{PRETTY}\n",
    "behind a banner without a line break": f"Loading… done. {WHOLE}\n",
    "behind a progress bar": f"10 %\r50 %\r100 %\r{WHOLE}\r\n",
    "above log lines": f"{WHOLE}\n[info] bye {{}} {{ok}}\n",
    "before words on its line": f"{WHOLE} # done\n",
    "above and below log lines that are JSON": lines({"level": 30}, RESULT, {"level": 30, "msg": "bye"}),
    "in a stream": lines(SYSTEM, {"type": "assistant", "session_id": "s", "message": {}}, RESULT),
    "in a list": json.dumps([SYSTEM, RESULT]),
    "in a list over several lines": json.dumps([SYSTEM, RESULT], indent=1),
    "in a list below a banner": f"Hi\n{json.dumps([SYSTEM, RESULT])}\nbye\n",
    "behind a byte order mark": "\ufeff" + WHOLE,
    "behind a byte order mark, below a banner": f"Hi\n\ufeff{WHOLE}",
    "in colours": f"\x1b]0;claude\x07\x1b[2J\x1b[32m{WHOLE}\x1b[0m\x1b[K\n",
    "in colours within": WHOLE.replace('"hello"', '\x1b[1m"hello"\x1b[22m'),
    "after one that failed": lines({**RESULT, "is_error": True, "total_cost_usd": 0, "usage": {}}, RESULT),
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES.keys())
def test_an_envelope_is_found_anywhere_in_the_output(text: str) -> None:
    assert open_envelope(text) == OPENED


OTHERS = {
    "nothing": "",
    "text": "hello",
    "an empty list": "[]",
    "a list of numbers": "[1]",
    "an object": '{"result": "hello"}',
    "another type": '{"type": "message"}',
    "null": "null",
    "an object within the answer": json.dumps({"answer": RESULT}),
    "an envelope in a text of the answer": json.dumps({"answer": WHOLE}),
    "an envelope within a sentence": f"It prints {WHOLE}, as you see.",
    "an envelope in a fenced block": f"It prints:\n```json\n{WHOLE}\n```\nas you see.",
    "an envelope in a fenced block of a shell": f"Run:\n```console\n$ claude\n{PRETTY}\n```\n",
    "an envelope that is cut off": WHOLE[:-20],
    "a message that is cut off, with an envelope in it": '{"message": ' + WHOLE + ', "more": "',
    "a result of something else": '{"type": "result", "n": 1}',
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS.keys())
def test_quoted_and_cut_off_objects_are_no_envelope(text: str) -> None:
    assert open_envelope(text) is None


def test_an_answer_that_quotes_an_envelope_is_the_answer() -> None:
    quoted = json.dumps({"type": "result", "is_error": True, "result": "no"})
    answer = f"Here:\n```json\n{quoted}\n```\n{quoted}\n"

    envelope = open_envelope(f"Hi\n{json.dumps({**RESULT, 'result': answer})}\n")

    assert envelope is not None
    assert (envelope.answer, envelope.error) == (answer, None)


def test_an_object_like_an_envelope_may_be_the_answer() -> None:
    text = '{"type": "result", "result": "3:1", "team": "Oslo"}'

    assert open_envelope(text, ("type", "team")) is None
    assert open_envelope(text) == Envelope("3:1")


FAILED: list[tuple[dict[str, Any], str]] = [
    ({"is_error": True, "subtype": "success", "result": "Invalid API key"}, "Invalid API key"),
    ({"is_error": False, "subtype": "error_max_turns"}, "error_max_turns"),
    ({"subtype": "error_during_execution", "errors": ["no disk", {"message": "no room"}]}, "no disk; no room"),
    ({"subtype": "paused", "result": "more to come"}, "more to come"),
    ({"subtype": "success", "result": "half", "stop_reason": "max_tokens"}, "max_tokens): half"),
    ({"subtype": "success", "result": "", "stop_reason": "refusal"}, "not complete (stop_reason refusal)"),
    ({"result": "half", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "Overloaded"),
    ({"is_error": True}, ""),
    ({"session_id": "s"}, ""),
]


@pytest.mark.parametrize(("fields", "error"), FAILED)
def test_an_error_in_an_envelope_is_reported_with_its_cost(fields: dict[str, Any], error: str) -> None:
    envelope = open_envelope(lines({"type": "result", **fields, "total_cost_usd": 0.5, "usage": USAGE}))

    assert envelope is not None
    assert envelope.error is not None
    assert envelope.error.endswith(error)
    assert bool(envelope.error) is bool(error)
    assert envelope.metrics == Metrics(3, 4, 0.5)


WHOLE_REASONS = [None, "end_turn", "stop_sequence", "tool_use"]


@pytest.mark.parametrize("reason", WHOLE_REASONS)
def test_an_answer_with_a_known_stop_reason_is_complete(reason: str | None) -> None:
    assert open_envelope(json.dumps({**RESULT, "stop_reason": reason})) == OPENED


def test_the_last_result_counts_and_all_of_them_cost() -> None:
    first = {**RESULT, "result": "wait", "total_cost_usd": 0.25, "session_id": "a"}
    retried = {**RESULT, "result": "done", "session_id": "b"}

    assert open_envelope(lines(first, retried)) == Envelope("done", None, Metrics(6, 8, 0.75, "claude-sonnet-4-6"))


def test_a_result_has_the_cost_of_its_whole_session() -> None:
    first = {**RESULT, "total_cost_usd": 0.25, "session_id": "a", "usage": {"input_tokens": 1}}

    assert open_envelope(lines(first, {**RESULT, "session_id": "a"})) == OPENED


def test_a_result_before_a_cut_off_message_is_no_answer() -> None:
    envelope = open_envelope(WHOLE + '\n{"type": "result", "result": "and no')

    assert envelope is not None
    assert envelope.error == "its output ends in the middle of a message"
    assert envelope.metrics == OPENED.metrics


def test_a_stream_without_a_result_is_no_answer_and_costs_what_its_calls_say() -> None:
    call = {"id": "m1", "model": "opus", "usage": {"input_tokens": 5, "output_tokens": 1}}
    second = {"id": "m2", "model": "opus", "usage": {"input_tokens": 7, "output_tokens": 2}}
    messages = [{"type": "assistant", "session_id": "s", "message": message} for message in (call, call, second)]

    envelope = open_envelope(lines(SYSTEM, *messages))

    assert envelope == Envelope(error="it ended without a result", metrics=Metrics(12, 3, model="opus"))


STRUCTURED = [
    ({"result": "done", "structured_output": {"a": 1}}, {"a": 1}),
    ({"result": {"a": 1}}, {"a": 1}),
    ({"result": [1]}, "[1]"),
    ({"subtype": "success"}, ""),
]


@pytest.mark.parametrize(("fields", "answer"), STRUCTURED)
def test_an_answer_may_be_structured_already(fields: dict[str, Any], answer: object) -> None:
    envelope = open_envelope(json.dumps({"type": "result", **fields}))

    assert envelope == Envelope(answer)


THREAD = {"type": "thread.started", "thread_id": "t"}
TURN = {"type": "turn.started"}
THOUGHT = {"type": "item.completed", "item": {"id": "0", "type": "reasoning", "text": "hm"}}
SAID = {"type": "item.completed", "item": {"id": "1", "type": "agent_message", "text": ' {"n": 1}\n'}}
DONE = {"type": "turn.completed", "usage": {"input_tokens": 9, "cached_input_tokens": 8, "output_tokens": 2}}
LOST = {"type": "error", "message": "stream disconnected"}
USED = Metrics(9, 2)
CODEX: dict[str, tuple[list[object], Envelope]] = {
    "a turn": ([THREAD, TURN, THOUGHT, SAID, DONE], Envelope(' {"n": 1}\n', None, USED)),
    "a turn in spite of a lost connection": ([THREAD, TURN, LOST, SAID, DONE], Envelope(' {"n": 1}\n', None, USED)),
    "a turn that failed": (
        [THREAD, TURN, SAID, {"type": "turn.failed", "error": {"message": "usage limit reached"}}],
        Envelope(' {"n": 1}\n', "usage limit reached"),
    ),
    "a turn that was lost": ([THREAD, TURN, SAID, LOST], Envelope(' {"n": 1}\n', "stream disconnected")),
    "a turn that did not end": ([THREAD, TURN, SAID], Envelope(' {"n": 1}\n', "it ended before its turn was complete")),
    "a turn without an answer": ([THREAD, TURN, DONE], Envelope("", None, USED)),
    "an answer of the turn before": ([THREAD, TURN, SAID, DONE, TURN, DONE], Envelope("", None, USED)),
    "events as they once were": (
        [
            {"id": "0", "msg": {"type": "task_started"}},
            {"id": "0", "msg": {"type": "token_count", "info": {"total_token_usage": DONE["usage"]}}},
            {"id": "0", "msg": {"type": "agent_message", "message": "hi"}},
            {"id": "0", "msg": {"type": "task_complete", "last_agent_message": "hi"}},
        ],
        Envelope("hi", None, USED),
    ),
    "an error as it once was": ([{"id": "0", "msg": {"type": "error", "message": "no"}}], Envelope("", "no")),
}


@pytest.mark.parametrize(("events", "envelope"), CODEX.values(), ids=CODEX.keys())
def test_the_events_of_codex_are_read(events: list[object], envelope: Envelope) -> None:
    assert open_envelope("Reading prompt from stdin...\n" + lines(*events)) == envelope


TOKENS = {"prompt": 20, "candidates": 3, "thoughts": 4, "cached": 10, "total": 27, "tool": 0}
STATS = {"models": {"gemini-2.5-pro": {"api": {}, "tokens": TOKENS}}, "tools": {}}
PAID = Metrics(20, 7, model="gemini-2.5-pro")
AT = {"timestamp": "2026-01-01T00:00:00Z"}
BEGUN = {"type": "init", "session_id": "s", "model": "gemini-2.5-pro", **AT}
PARTS = [{"type": "message", "role": "assistant", "content": part, "delta": True, **AT} for part in ("he ", "llo")]
ENDED = {"type": "result", "status": "success", "stats": {"input_tokens": 20, "output_tokens": 7}, **AT}
GEMINI: dict[str, tuple[list[object], Envelope]] = {
    "one object": ([{"session_id": "s", "response": "hello", "stats": STATS}], Envelope("hello", None, PAID)),
    "an object of an error": (
        [{"session_id": "s", "error": {"type": "ApiError", "message": "quota", "code": 1}, "stats": STATS}],
        Envelope("", "quota", PAID),
    ),
    "a stream": (
        [BEGUN, {"type": "message", "role": "user", "content": "Hi", **AT}, *PARTS, ENDED],
        Envelope("he llo", None, PAID),
    ),
    "a stream of an error": (
        [BEGUN, *PARTS, {**ENDED, "status": "error", "error": {"message": "quota"}}],
        Envelope("he llo", "quota", PAID),
    ),
    "a stream that did not end": ([BEGUN, *PARTS], Envelope("he llo", "it ended without a result")),
}


@pytest.mark.parametrize(("messages", "envelope"), GEMINI.values(), ids=GEMINI.keys())
def test_what_gemini_prints_as_json_is_read(messages: list[object], envelope: Envelope) -> None:
    assert open_envelope("Loaded cached credentials.\n" + lines(*messages)) == envelope


ODD = [
    {"total_cost_usd": "0.5", "usage": [1], "modelUsage": 5},
    {"total_cost_usd": True, "usage": {"input_tokens": "9", "output_tokens": -1}},
    {"total_cost_usd": float("nan"), "usage": {"input_tokens": 1.5}},
    {"total_cost_usd": float("inf"), "usage": None},
    {"total_cost_usd": -1},
    {"total_cost_usd": 1e30, "usage": {"input_tokens": 10**30}},
]


@pytest.mark.parametrize("fields", ODD)
def test_an_invalid_cost_is_left_out(fields: dict[str, Any]) -> None:
    text = json.dumps({"type": "result", "subtype": "success", "result": "hello", **fields})

    assert open_envelope(text) == Envelope("hello")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ("type", "subtype", "result", "error", "msg", "id", "item", "usage", "stats", "response", "model")
)
TYPES = st.sampled_from(("result", "item.completed", "turn.completed", "assistant", "message", "init", "error"))


@given(st.text(st.characters(exclude_characters='"'), max_size=3000), st.integers(0, 400))
def test_an_object_of_any_length_is_found_unless_cut_off(filling: str, cut: int) -> None:
    text = json.dumps({**RESULT, "result": filling}, ensure_ascii=False)

    envelope = open_envelope(f"Hi\n{text}\n")

    assert envelope is not None
    assert envelope.answer == filling
    assert open_envelope(f"Hi\n{text[: len(text) - 1 - cut]}") is None


@given(st.lists(st.fixed_dictionaries({"type": TYPES | JSON, "session_id": JSON}) | st.dictionaries(KEYS, JSON)))
def test_odd_messages_are_read_without_errors(messages: list[dict[str, Any]]) -> None:
    open_envelope("\n".join(map(json.dumps, messages)))


HOSTILE = [
    "{" * 200_000,
    '{"' * 200_000,
    '{"a":' * 100_000,
    "[" * 200_000 + WHOLE,
    '{"a": [' * 50_000,
    '{"a\n' * 200_000,
    "```x\n" * 200_000,
    '{"a": 1}, ' * 100_000,
    '{"a": ' + "9" * 10_000 + "}",
    "\x1b]" * 200_000,
    "{ " + " " * 400_000,
    '{"a":x' * 100_000,
    '{"a": tr' * 100_000,
    '{"a": "' + "x" * 1_000_000,
]


@pytest.mark.parametrize("text", one_in(3, HOSTILE), ids=[text[:8] for text in HOSTILE])
def test_what_a_program_prints_is_looked_through_once(text: str) -> None:
    began = time.process_time()

    assert open_envelope(text) in (None, OPENED)

    assert time.process_time() - began < 10  # a minute and more, where each brace costs as much as all that follows
