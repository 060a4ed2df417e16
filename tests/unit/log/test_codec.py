"""Events as lines, and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.canonical import normalise
from engine.expressions import Json
from engine.log.events import events as ev
from engine.log.events.codec import MalformedEventError, decode, encode
from tests.support.log_schema import schema_errors_of

RUN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
TS = "2026-01-02T03:04:05.678Z"
SCOPE = (ev.Scope(ev.ScopeKind.FANOUT, "each", ev.Item(3, "0123456789abcdef#0")),)
HASH = "a" * 64

SAMPLES: list[ev.Event] = [
    ev.RunStarted(
        order=7,
        args={"city": "Oslo", "token": "***"},
        masked_args=("token",),
        state={"found": []},
        masked_state=("session",),
        experience=ev.ExperienceRef("city", "1.0.0", "experience.yaml"),
        nodes=("a", "b"),
        spec_hash=HASH,
        files={"tools/a.py": HASH},
        concurrency=ev.Concurrency(8, {"tool": 2}),
        original_run_id=RUN,
        lineage=ev.Lineage(RUN, 1, ev.Sums(0.5, 10, 20)),
        engine="oe-lsp 0.1.0",
        pid=1,
        host="here",
    ),
    ev.NodeStarted(node_id="each", items=4),
    ev.NodeStarted(node_id="each", scope=SCOPE, attempt_id="x1"),
    ev.NodeAttempt(
        node_id="a", attempt=1, attempt_id="x1", level="node", error=ev.ErrorInfo("timeout", "too long"), wait_ms=100
    ),
    ev.NodeCached(
        node_id="a",
        input_hash=HASH,
        input_parts={"args.x": "0" * 12},
        keyed_parts={"args.x": "0" * 8},
        output=ev.Output({"x": [1, None]}, {"deep": True}),
        duration_ms=1.5,
        metrics=ev.Metrics(1, 2, 0.001, "claude"),
        input=ev.Input(),
        reasons=("accepted with --accept: args.x changed",),
        produced_by=ev.ProducedBy(RUN, 4),
    ),
    ev.NodeCompleted(
        node_id="a",
        attempt_id="x1",
        input_hash=HASH,
        input_parts={"args.x": "0" * 12},
        keyed_parts={"args.x": "0" * 8},
        output=ev.Output({}, None),
        duration_ms=2.0,
        restorable=False,
        restorable_reason="a.py changed",
        produced={"out/report.html": HASH},
    ),
    ev.NodeCompleted(node_id="each", counts=ev.Counts(completed=3, failed=1), duration_ms=2.0),
    ev.NodeFailed(node_id="a", attempt_id="x1", error=ev.ErrorInfo("ValueError", "no", ev.Location("a.py", 3))),
    ev.NodeFailed(node_id="a", error=ev.ErrorInfo("Ambiguous", "no"), started_in=RUN),
    ev.NodeSkipped(node_id="b", reason="predecessor a failed", cause=ev.Cause(node="a")),
    ev.NodeSkipped(node_id="b", reason="when", cause=ev.Cause(edge=ev.EdgeEnds("a", "b"))),
    ev.NodeCancelled(node_id="b", reason="cancelled by SIGINT"),
    ev.NodeActivity(node_id="b", activity="parsing JSON output"),
    ev.NodeActivity(node_id="b", activity="calling claude", kind=ev.ActivityKind.CALL),
    ev.NodeTokens(node_id="b", tokens_in=1, tokens_out=2, cost_usd=0.001, model="claude"),
    ev.NodeWarning(node_id="b", message="odd"),
    ev.RunWarning(message="odd"),
    ev.RunFinished(
        order=8,
        status=ev.RunStatus.FAILURE,
        reason="failed at a",
        failed_at="a",
        error=ev.ErrorInfo("ValueError", "no"),
        counts=ev.Counts(failed=1),
        duration_ms=12.5,
    ),
    ev.RunFinished(
        status=ev.RunStatus.SUCCESS,
        counts=ev.Counts(completed=1),
        wrote={"found": ev.Wrote([1, None], "each", "array_append")},
        duration_ms=12.5,
    ),
    ev.NodeStarted(
        node_id="a",
        attempt_id="x1",
        input=ev.Input({"x": 1}, {"path": "p"}, {"found": {"$at": "1/stateDelta/found"}}, {"b": None}, None),
        reasons=("prompt p.md changed",),
    ),
]


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.type)
def test_an_event_is_what_it_was_after_encoding_and_decoding(event: ev.Event) -> None:
    record = ev.Record(7, TS, RUN, event)

    assert repr(decode(encode(record))) == repr(record)  # repr tells an enum from its text


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.type)
def test_every_line_is_what_the_schema_says(event: ev.Event) -> None:
    line = json.loads(encode(ev.Record(7, TS, RUN, event)))

    assert schema_errors_of(line) == []


def test_there_is_a_sample_of_every_type() -> None:
    assert {event.type for event in SAMPLES} == set(ev.EVENT_TYPES)


def test_an_edge_output_of_null_is_told_from_none() -> None:
    with_null = json.loads(encode(ev.Record(0, TS, RUN, SAMPLES[5])))

    assert with_null["output"] == {"stateDelta": {}, "edgeOutput": None}


def test_unknown_types_and_fields_are_ignored() -> None:
    line = json.loads(encode(ev.Record(7, TS, RUN, SAMPLES[1])))

    assert decode(json.dumps({**line, "later": 1}).encode()) == ev.Record(7, TS, RUN, SAMPLES[1])
    assert decode(json.dumps({**line, "type": "node.dreamt"}).encode()) is None
    assert decode(b'{"type": 5}') is None


@pytest.mark.parametrize(
    "wrong",
    [{"nodeId": 5}, {"nodeId": None}, {"seq": "1"}, {"seq": True}, {"ts": "yesterday"}, {"ts": 5}, {"items": "four"}],
    ids=str,
)
def test_a_wrong_field_of_a_known_type_is_malformed(wrong: dict[str, object]) -> None:
    line = json.loads(encode(ev.Record(7, TS, RUN, SAMPLES[1])))

    with pytest.raises(MalformedEventError, match=r"node\.started"):
        decode(json.dumps({**line, **wrong}).encode())


TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_as_it_was_and_every_reader_of_json_reads_the_same(value: Json) -> None:
    returned = normalise(value)  # as everything is before it is logged
    line = encode(ev.Record(7, TS, RUN, ev.NodeStarted(node_id="a", input=ev.Input({"x": returned}))))

    record = decode(line)

    assert record is not None
    assert isinstance(record.event, ev.NodeStarted)
    assert record.event.input is not None
    assert repr(record.event.input.args["x"]) == repr(returned)  # repr tells 1 from 1.0 and true
    assert repr(json.loads(line)["input"]["args"]["x"]) == repr(returned)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"9007199254740991", 2**53 - 1),
        (b"9007199254740993", 2.0**53),
        (b"-123456789012345678901234567890", -1.2345678901234568e29),
        (b"1e400", None),
        (b"NaN", None),
        (b'"\\ud800"', None),
        (b'"\xff"', None),
    ],
    ids=repr,
)
def test_what_no_node_could_have_returned_is_read_as_a_double_or_not_at_all(written: bytes, read: Json) -> None:
    line = encode(ev.Record(7, TS, RUN, ev.NodeStarted(node_id="a", input=ev.Input({"x": "HERE"}))))
    line = line.replace(b'"HERE"', written)

    if read is None:
        with pytest.raises(MalformedEventError):
            decode(line)
    else:
        record = decode(line)
        assert record is not None
        assert isinstance(record.event, ev.NodeStarted)
        assert record.event.input is not None
        assert repr(record.event.input.args["x"]) == repr(read)
