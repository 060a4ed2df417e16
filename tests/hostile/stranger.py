"""Run logs as a stranger may have written them: lines that are wrong in one thing each, in folders as oe makes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.log.storage.run_store import RunStore
from tests.support.worlds import World

RUN_ID = "00000000-0000-4000-8000-000000000001"
OTHER_ID = "00000000-0000-4000-8000-000000000002"
TS = "2026-01-02T03:04:05.678Z"
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\u202egnp.exe\r"
MARKUP = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>[link](command:evil) [bold red]rich[/]"
PATHS = ("../../../../etc/passwd", "/etc/passwd", "..", "a/../../b", "C:\\x", "\x00", "")
DIGEST = "0" * 64


def line(type_: str, seq: int, **fields: Any) -> dict[str, Any]:
    return {"type": type_, "seq": seq, "ts": TS, "runId": RUN_ID, **fields}


def started(**fields: Any) -> dict[str, Any]:
    usual = {"v": 1, "args": {}, "state": {}, "nodes": ["a", "b"], "specHash": "0" * 64, "originalRunId": None}
    usual["experience"] = {"name": "test", "version": "1.0.0", "path": "/somewhere/experience.yaml"}
    usual["lineage"] = {"rootRunId": RUN_ID, "depth": 0, "spent": {"costUsd": 0.0, "tokensIn": 0, "tokensOut": 0}}
    return line("run.started", 0, **{**usual, **fields})


def completed(seq: int = 1, **fields: Any) -> dict[str, Any]:
    usual = {"nodeId": "a", "attemptId": "1", "inputHash": "0" * 64, "inputParts": {"impl a.py": "0" * 12}}
    usual |= {"output": {"stateDelta": {"x": 1}}, "durationMs": 1.5}
    return line("node.completed", seq, **{**usual, **fields})


def finished(seq: int = 2, **fields: Any) -> dict[str, Any]:
    sums = {"costUsd": 0.0, "tokensIn": 0, "tokensOut": 0}
    usual = {"status": "failure", "counts": {"completed": 1}, "durationMs": 2.5}
    return line("run.finished", seq, **{**usual, "spent": sums, "inherited": sums, "lineage": sums, **fields})


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def lines_of(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def hostile_logs() -> dict[str, bytes]:
    """A log by what is wrong with it."""
    evil = ESCAPES + MARKUP
    whole = started(), completed(), finished()
    logs = {
        "nothing": b"",
        "zeros": bytes(10_000),
        "utf-16": lines_of(*whole).decode().encode("utf-16"),
        "a number": b"1\n" + lines_of(*whole),
        "no end of line": b"[" * 100_000,
        "brackets": lines_of(started()) + b"[" * 100_000 + b"\n" + lines_of(finished()),
        "a deep value": lines_of(
            started(args={"a": nested(900)}), completed(output={"stateDelta": {"x": nested(900)}})
        ),
        "a value at the limit": lines_of(started(args={"a": nested(190)}), finished()),
        "infinity": lines_of(started()) + b'{"type":"run.finished","seq":1,"durationMs":1e999}\n',
        "a constant": lines_of(started(), completed(durationMs=float("nan")), finished(durationMs=float("inf"))),
        "a long number": lines_of(started()) + b'{"type":"run.warning","seq":' + b"9" * 100_000 + b"}\n",
        "half a character": lines_of(started(args={"a": "\ud800"}), completed(output={"stateDelta": {"x": "\udfff"}})),
        "a time without a zone": lines_of(started(ts="2026-01-01"), finished(ts="2026-01-01T00:00:00")),
        "the last of all times": lines_of(started(ts="0001-01-01T00:00:00+23:59"), finished(ts="9999-12-31T23:59:59Z")),
        "names of fields": lines_of(started(__class__={}, __proto__={}, args={"__init__": 1}), finished()),
        "the same end twice": lines_of(started(), completed(), completed(), finished(), finished(), started()),
        "an older start": lines_of(finished(), completed(), started()),
        "escapes": lines_of(
            started(nodes=[evil], args={evil: evil}, experience={"name": evil, "version": evil, "path": evil}),
            completed(nodeId=evil, output={"stateDelta": {evil: evil}, "edgeOutput": evil}, attemptId=evil),
            line("node.warning", 2, nodeId=evil, message=evil),
            line("node.failed", 3, nodeId=evil, error={"type": evil, "message": evil, "location": {"file": evil}}),
            line("run.warning", 4, message=evil),
            finished(5, reason=evil, wrote={"x": {"value": evil, "nodeId": evil, "merge": "last_wins"}}),
        ),
        "an unknown merge": lines_of(started(), finished(1, wrote={"x": {"value": 1, "nodeId": "a", "merge": "evil"}})),
        "large sums": lines_of(
            started(), completed(metrics={"tokensIn": 2**62, "tokensOut": 2**62, "costUsd": 1e308}), finished()
        ),
        "a loop of names": lines_of(
            started(),
            line("node.started", 1, nodeId="a", attemptId="1", input={"args": {"p": {"$at": "1/args/p"}}}),
            completed(2),
            finished(3),
        ),
        "names of nothing": lines_of(
            started(),
            line(
                "node.started", 1, nodeId="a", attemptId="1", input={"args": {"p": {"$at": 7}, "q": {"$at": "²/a/b"}}}
            ),
            completed(2),
            finished(3),
        ),
    }
    logs |= {f"the path {path!r}": _with_path(path) for path in PATHS}
    for blob in ("sha256:" + DIGEST, "sha256:../../x", 7, None, {"$blob": 1}):
        reference = {"$blob": blob, "bytes": -1}
        value = {"args": {"a": reference}, "state": {"x": reference}}
        wrote = {"x": {"value": reference, "nodeId": "a", "merge": "last_wins"}}
        output = {"stateDelta": {"x": reference}, "edgeOutput": reference}
        logs[f"the blob {blob}"] = lines_of(started(**value), completed(output=output), finished(wrote=wrote))
    for wrong in (None, "text", 7, -1, True, [], {}, [[]], 1e300):
        for name in started():
            logs[f"run.started.{name} {wrong}"] = lines_of({**started(), name: wrong}, completed(), finished())
        for name in (*completed(), "metrics", "scope", "produced", "restorable", "counts"):
            logs[f"node.completed.{name} {wrong}"] = lines_of(started(), {**completed(), name: wrong}, finished())
        for name in (*finished(), "wrote"):
            logs[f"run.finished.{name} {wrong}"] = lines_of(started(), completed(), {**finished(), name: wrong})
    return logs


def _with_path(path: str) -> bytes:
    scope = [{"kind": "fanout", "id": path, "item": {"index": 10**15, "key": path}}]
    return lines_of(
        started(
            runId=path,
            originalRunId=path,
            lineage={"rootRunId": path},
            files={path: "0" * 64},
            nodes=[path],
            experience={"name": path, "version": path, "path": path},
        ),
        completed(runId=path, nodeId=path, attemptId=path, scope=scope, produced={path: "0" * 64}),
        line("node.cached", 2, nodeId="a", inputHash="", inputParts={}, output={"stateDelta": {}}, durationMs=1)
        | {"producedBy": {"runId": path, "seq": 10**15}},
        finished(3, runId=path),
    )


def written(folder: Path, log: bytes, run_id: str = RUN_ID) -> RunStore:
    """A folder with an experience of two tools and this log of it."""
    world = World(folder)
    world.graph(
        "- {id: a, kind: tool, impl: a.py, writes: [x]}\n- {id: b, kind: tool, impl: b.py, reads: [x]}",
        "[{from: a, to: b}]",
        "x: {persist: true}",
    )
    world.tool("a", "return {'state_delta': {'x': 1}}")
    world.tool("b", "return {}")
    world.store.prepare()
    world.store.log(run_id).write_bytes(log)
    return world.store
