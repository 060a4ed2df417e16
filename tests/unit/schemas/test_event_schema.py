"""What a line of a run log may hold: each event has a valid form, and a misspelt field is seen."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas import event_schema

VALIDATOR = Draft202012Validator(event_schema())
RUN = "9a8b7c6d-1e2f-4a3b-8c4d-5e6f7a8b9c0d"
ORIGINAL = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SPEND = {"costUsd": None, "tokensIn": 10, "tokensOut": 2}
COUNTS = {"cached": 1, "completed": 2, "failed": 0, "skipped": 1, "cancelled": 0}
ERROR = {"type": "ValueError", "message": "no rows", "location": {"file": "tools/a.py", "line": 3}}
METRICS = {"tokensIn": 10, "tokensOut": 2, "costUsd": 0.01, "model": "m"}
BLOB = {"$blob": f"sha256:{HASH}", "bytes": 70000}
OUTPUT = {"stateDelta": {"rows": BLOB, "n": 1}, "edgeOutput": [1, None]}
ITEM_SCOPE = [{"kind": "fanout", "id": "a", "item": {"index": 0, "key": "5d41402abc4b2a76#0"}}]
INPUT_HASH = {"inputHash": HASH, "inputParts": {"spec": "0b1c2d3e4f50"}}


def event(type_: str, **fields: Any) -> dict[str, Any]:
    """Return an event with its common fields; those of nodes also have a nodeId."""
    node = {"nodeId": "a"} if type_.startswith("node.") else {}
    return {"type": type_, "seq": 4, "ts": "2026-05-28T09:15:02.117Z", "runId": RUN, **node, **fields}


SAMPLES = {
    "run.started": event(
        "run.started",
        v=1,
        args={"a": 1},
        state={"rows": BLOB},
        experience={"name": "n", "version": "1.0.0", "path": "/tmp/n/experience.yaml"},
        specHash=HASH,
        files={"tools/a.py": HASH},
        nodes=["a", "b"],
        settings={"llm": "anthropic", "model": "m"},
        originalRunId=None,
        lineage={"rootRunId": RUN, "depth": 0, "spent": SPEND},
        engine="oe-lsp 0.1.0",
        pid=1,
        host="h",
    ),
    "node.started": event(
        "node.started", attemptId="a-1", input={"args": {"n": 1}, "prompt": BLOB}, reasons=["new item"]
    ),
    "node.started, input as a blob": event("node.started", attemptId="a-1", input=BLOB),
    "node.started, fan-out": event("node.started", items=0),
    "node.attempt": event(
        "node.attempt", attempt=1, attemptId="a-1", level="llm", error=ERROR, waitMs=12.5, metrics={}
    ),
    "node.cached": event(
        "node.cached",
        scope=ITEM_SCOPE,
        **INPUT_HASH,
        output=OUTPUT,
        durationMs=1,
        metrics=METRICS,
        producedBy={"runId": ORIGINAL, "seq": 3},
    ),
    "node.completed": event(
        "node.completed", attemptId="a-1", **INPUT_HASH, output=OUTPUT, durationMs=0.5, metrics=METRICS
    ),
    "node.completed, not restorable": event(
        "node.completed",
        attemptId="a-1",
        **INPUT_HASH,
        output=OUTPUT,
        durationMs=1,
        restorable=False,
        restorableReason="a secret was masked",
    ),
    "node.completed, fan-out": event("node.completed", counts=COUNTS, durationMs=1),
    "node.failed": event("node.failed", attemptId="a-2", error=ERROR, metrics=METRICS, durationMs=3),
    "node.failed, before any attempt": event("node.failed", error={"type": "T", "message": "m"}),
    "node.skipped": event("node.skipped", reason="b failed", cause={"node": "b"}),
    "node.skipped, by a condition": event(
        "node.skipped", reason="$.a is false", cause={"edge": {"from": "b", "to": "a"}}
    ),
    "node.cancelled": event("node.cancelled", reason="stopped", attemptId="a-1", metrics=METRICS),
    "node.activity": event("node.activity", activity="calling m"),
    "node.tokens": event("node.tokens", tokensIn=1, tokensOut=2, model="m"),
    "node.warning": event("node.warning", code="OE503", message="m"),
    "run.warning": event("run.warning", message="m"),
    "run.finished": event(
        "run.finished",
        status="waiting",
        reason="r",
        counts=COUNTS,
        spent=SPEND,
        inherited=SPEND,
        lineage=SPEND,
        durationMs=9,
    ),
}


def errors(line: Any) -> list[tuple[str, str]]:
    """Return the path and the failing keyword of every error in one line of a log."""
    return [(error.json_path, str(error.validator)) for error in VALIDATOR.iter_errors(line)]


def test_the_schema_is_a_valid_json_schema() -> None:
    Draft202012Validator.check_schema(event_schema())


def test_every_type_of_event_has_a_sample_here() -> None:
    assert {sample["type"] for sample in SAMPLES.values()} == set(event_schema()["x-discriminator"]["mapping"])


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_an_event_is_valid(sample: dict[str, Any]) -> None:
    assert errors(sample) == []


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_misspelt_field_is_one_error_more_than_a_missing_one(sample: dict[str, Any]) -> None:
    for field in sample.keys() - {"type"}:
        missing = {name: value for name, value in sample.items() if name != field}
        misspelt = {**missing, field + "x": sample[field]}

        assert set(errors(misspelt)) - set(errors(missing)) == {("$", "additionalProperties")}, field


NESTED = [
    ("run.started", "experience", {"path": "/p"}),
    ("run.started", "settings", {"provider": "m"}),
    ("run.started", "files", {"a.py": "abc"}),
    ("run.started", "lineage", {"rootRunId": RUN, "depth": 0, "spent": {"costUsd": 1}}),
    ("node.cached", "inputHash", "sha256:" + HASH),
    ("node.cached", "inputParts", {"spec": "0b1c"}),
    ("node.cached", "scope", []),
    ("node.cached", "scope", [{"kind": "fanout", "id": "a", "item": {"index": 0, "key": "abc"}}]),
    ("node.cached", "producedBy", {"runId": "run-1", "seq": 3}),
    ("node.completed", "output", {"state_delta": {}}),
    ("node.completed", "output", {"stateDelta": {"a": {"$blob": "sha256:1", "bytes": 1}}}),
    ("node.completed", "metrics", {"tokens_in": 1}),
    ("node.completed", "restorable", True),
    ("node.started", "attemptId", "../../a"),
    ("node.failed", "error", {"message": "m"}),
    ("node.skipped", "cause", {}),
    ("node.skipped", "cause", {"edge": {"from": "a"}}),
    ("run.finished", "status", "partial"),
    ("run.finished", "counts", {"completed": 1}),
    ("run.finished", "ts", "2026-05-28T09:15:02Z"),
    ("run.finished", "runId", "latest"),
]


@pytest.mark.parametrize(("type_", "field", "wrong"), NESTED)
def test_a_wrong_value_is_refused_at_its_place(type_: str, field: str, wrong: Any) -> None:
    found = errors({**SAMPLES[type_], field: wrong})

    assert found
    assert all(path.startswith(f"$.{field}") or keyword == "dependentRequired" for path, keyword in found)


@pytest.mark.parametrize("field", ["attemptId", "inputHash", "inputParts", "output"])
def test_a_node_that_completed_says_what_it_did(field: str) -> None:
    sample = {name: value for name, value in SAMPLES["node.completed"].items() if name != field}

    assert errors(sample) == [("$", "required")]


@pytest.mark.parametrize("field", ["attemptId", "inputHash", "output"])
def test_a_fan_out_that_completed_has_nothing_to_restore_itself(field: str) -> None:
    sample = {**SAMPLES["node.completed, fan-out"], field: SAMPLES["node.completed"][field]}

    assert len(errors(sample)) == 1


@pytest.mark.parametrize("line", [{}, {"type": "node.complete"}, [], "text", None])
def test_a_line_that_is_no_known_event_is_one_error(line: Any) -> None:
    assert len(errors(line)) == 1
