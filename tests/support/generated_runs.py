"""Generated experiences with a run each: as large, long, short, broken or hostile as what shows runs must bear.

Each function of `GENERATED` puts an experience into a folder and begins its run, whose events it returns: whoever calls
writes them at once (`written`) or one by one, as if the run were under way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import yaml
from msgspec import Struct

from engine.json_types import Json
from engine.log.events.events import ErrorInfo, Input, Metrics, NodeWarning, RunStatus, RunWarning, Scope, ScopeKind
from tests.support.timed_events import Executions, Scopes, TimedEvent, failure, item_of, schedule
from tests.support.written_runs import TimedRun

MORNING = datetime(2026, 3, 2, 8, 30, tzinfo=timezone.utc)
SECOND, MINUTE = 1_000.0, 60_000.0

_VERBS = ("load", "clean", "join", "rank", "check", "merge", "sort", "sum_up", "compare", "publish")
_NOUNS = ("orders", "prices", "customers", "reviews", "stock", "returns", "invoices", "sites")
_WORDS = [
    "the",
    "tide",
    "was",
    "highest",
    "on",
    "Monday",
    "a",
    "lamp",
    "of",
    "this",
    "lighthouse",
    "had",
    "gone",
    "out",
    "and",
    "nobody",
    "saw",
    "it",
    "before",
    "dawn",
]
_PHASES = ("collect", "clean", "judge", "write", "publish")
_MODEL = "claude-sonnet-4-6"
_TOOL = "def run(given):\n    return {}\n"


class BegunRun(Struct, frozen=True):
    """A run that has begun, the events to come, and how it ends."""

    run: TimedRun
    events: Sequence[TimedEvent]
    status: RunStatus = RunStatus.SUCCESS


Generate = Callable[[Path], BegunRun]


def written(generate: Generate, folder: Path) -> TimedRun:
    """The whole run that `generate` begins in `folder`."""
    begun = generate(folder)
    return begun.run.play(begun.events).end(begun.status)


def nodes(count: int) -> Generate:
    """So many nodes in five phases, each behind one to three of the layer before it. One fails, some are behind it."""

    def generate(folder: Path) -> BegunRun:
        random = Random(count)
        layers = _layers(random, count)
        ids = [id_ for layer in layers for id_ in layer]
        behind = _behind(random, layers)
        kinds = {id_: random.choices(("tool", "agent"), (3, 1))[0] for id_ in ids}
        phase_of = {
            id_: _PHASES[index * len(_PHASES) // len(layers)] for index, layer in enumerate(layers) for id_ in layer
        }
        _write(
            folder,
            f"nodes-{count}",
            [_node(id_, kinds[id_], phase=phase_of[id_]) for id_ in ids],
            [(before, id_) for id_ in ids for before in behind[id_]],
        )
        broken = layers[-4][0]
        return BegunRun(TimedRun(folder, MORNING), _run_of(random, ids, behind, kinds, {broken}), RunStatus.FAILURE)

    return generate


def failures(folder: Path) -> BegunRun:
    """Sixty nodes side by side behind one, of which forty fail, each with another message, some of them long."""
    random = Random(40)
    ids = [f"{_VERBS[index % 10]}_{_NOUNS[index % 8]}_{index}" for index in range(60)]
    behind = {"start": [], **{id_: ["start"] for id_ in ids}, "finish": ids}
    edges = [(before, id_) for id_, befores in behind.items() for before in befores]
    _write(folder, "failures", [_node(id_) for id_ in behind], edges)
    events = _run_of(random, list(behind), behind, dict.fromkeys(behind, "tool"), set(ids[:40]))
    return BegunRun(TimedRun(folder, MORNING), events, RunStatus.FAILURE)


def items(count: int, *, concurrency: int = 8, seed: int = 0) -> Generate:
    """A fan-out of so many items: each fifteenth is tried again after a rate limit, each fortieth fails."""

    def generate(folder: Path) -> BegunRun:
        random = Random(seed)
        fan_out = {"source": "$.reviews", "concurrency": concurrency, "on_item_error": "continue"}
        _write(
            folder,
            f"items-{count}",
            [
                _node("load_reviews", writes=["reviews"]),
                _node("judge", "agent", for_each=fan_out),
                _node("report", reads=["notes"]),
            ],
            [("load_reviews", "judge"), ("judge", "report")],
            reviews={"type": "array"},
        )
        made = Executions(random)
        reviews: list[Json] = [f"Review {index}: {_sentence(random, 8)}" for index in range(count)]
        made.ran("load_reviews", 5, 420, writes={"reviews": reviews})
        ended = _fan_out(made, random, reviews, concurrency, 430)
        made.ran("report", ended + 5, ended + 350, given=Input(edges={"judge": count}), writes={})
        return BegunRun(TimedRun(folder, MORNING), made.events())

    return generate


def nested(folder: Path) -> BegunRun:
    """An experience with a fan-out of experiences, each of which runs an experience, which runs another."""
    random = Random(3)
    _write(folder / "region/city/street", "street", [_node("walk"), _node("count")], [("walk", "count")])
    inner = [_node("find"), {"id": "streets", "kind": "experience", "impl": "./street/experience.yaml"}]
    _write(folder / "region/city", "city", inner, [("find", "streets")])
    middle = [_node("list"), {"id": "city", "kind": "experience", "impl": "./city/experience.yaml"}]
    _write(folder / "region", "region", middle, [("list", "city")])
    fan_out = {"source": "$.regions", "concurrency": 2}
    outer = [
        _node("plan_trip", writes=["regions"]),
        {"id": "regions", "kind": "experience", "impl": "./region/experience.yaml", "for_each": fan_out},
        _node("draw_map"),
    ]
    _write(folder, "nested", outer, [("plan_trip", "regions"), ("regions", "draw_map")], regions={"type": "array"})
    made = Executions(random)
    regions: list[Json] = ["North", "East", "South", "West"]
    made.ran("plan_trip", 2, 90, writes={"regions": regions})
    for (start, end), (index, region) in zip(schedule([900] * 4, 2, 100), enumerate(regions), strict=True):
        _region(made, start, end, (item_of("regions", index, region),), region)
    made.grouped("regions", 99, 1905, parts=[None] * 4)
    made.ran("draw_map", 1910, 2100, edge={"drawn": 4})
    return BegunRun(TimedRun(folder, MORNING), made.events())


def six_hours(folder: Path) -> BegunRun:
    """A run of six hours: agents that work for long, waits for a quota, and tools that take no time."""
    random = Random(6)
    ids = ["fetch_issues", "plan", "implement", "review", "migrate", "run_tests", "fix", "summarise", "publish"]
    kinds = dict.fromkeys(ids, "tool") | dict.fromkeys(("plan", "implement", "review", "fix", "summarise"), "agent")
    edges = [*pairwise(ids[:4]), *pairwise(ids[5:])]
    edges += [("plan", "migrate"), ("review", "run_tests"), ("migrate", "run_tests")]
    _write(folder, "six-hours", [_node(id_, kinds[id_]) for id_ in ids], edges)
    made = Executions(random)
    quota = "429: the quota of this hour is used up"
    spans = {
        "fetch_issues": (0.001, 0.05),
        "plan": (0.06, 14),
        "implement": (14.01, 171),
        "migrate": (14.02, 33),
        "review": (171.01, 205),
        "run_tests": (205.01, 219),
        "fix": (219.01, 366),
        "summarise": (366.01, 368),
        "publish": (368.01, 368.02),
    }
    for id_, (start, end) in spans.items():
        waits = [(MINUTE * at, quota) for at in (40, 100, 160)] if id_ == "implement" else []
        metrics = _metrics(random, 400_000) if kinds[id_] == "agent" else None
        made.ran(id_, start * MINUTE, end * MINUTE, edge=_sentence(random, 30), metrics=metrics, waits=waits)
    return BegunRun(TimedRun(folder, MORNING), made.events())


def twenty_milliseconds(folder: Path) -> BegunRun:
    """A run that is over before anybody looks."""
    ids = ["read", "parse", "check", "sort", "write"]
    _write(folder, "twenty-ms", [_node(id_) for id_ in ids], list(pairwise(ids)))
    made = Executions(Random(20))
    for index, id_ in enumerate(ids):
        made.ran(id_, 1 + index * 3.8, 4.5 + index * 3.8, edge={"rows": index})
    return BegunRun(TimedRun(folder, MORNING), made.events())


MARKUP = "</style></script></pre></title><script>window.hacked=1</script><img src=x onerror=window.hacked=1>\"'`&amp;"
BIDI = "\u202eevil\u202c \u2066turned\u2069 \u200f\u200b\x00\x07\x1b[31mred\x1b[0m\r\x85\ufeff"
ENDLESS = "x" * 300_000


def stranger(folder: Path) -> BegunRun:
    """A log that somebody else wrote, with markup, control characters and megabytes of text wherever text can be."""
    random = Random(13)
    _write(folder, "stranger", [_node("a"), _node("b")], [("a", "b")])
    bad = MARKUP + BIDI
    hostile = [
        bad,
        ENDLESS[:20_000],
        "javascript:window.hacked=1",
        "__proto__",
        "constructor",
        "graph",
        "node-1",
        "two\nlines" + "\n" * 50,
    ]
    made = Executions(random)
    given = Input(args={bad: bad, "__proto__": {}}, reads={"long": ENDLESS}, edges={bad: [bad] * 100}, item=bad)
    for index, id_ in enumerate(hostile):
        start, end = 10.0 + index * 50, 50.0 + index * 50
        error = ErrorInfo(bad, f"{bad} {ENDLESS}") if index % 3 == 1 else None
        made.ran(
            id_,
            start,
            end,
            given=given,
            writes={bad: bad, "long": ENDLESS},
            edge={bad: [bad, ENDLESS]},
            metrics=Metrics(10**12, 10**12, 1e9, bad),
            activity=bad,
            waits=[(start + 5, bad)],
            error=error,
        )
        made.add(end, NodeWarning(node_id=id_, message=bad))
    made.ran("inside", 20, 40, (Scope(ScopeKind.EXPERIENCE, bad), item_of(bad, 10**9, bad)), given=given)
    made.add(60, RunWarning(message=bad), RunWarning(message=ENDLESS))
    run = TimedRun(folder, MORNING, {bad: bad, "text": ENDLESS})
    # What was drawn from is not what ran: only the log is left.
    (folder / "experience.yaml").write_text("name: other\n", encoding="utf-8")
    return BegunRun(run, made.events(), RunStatus.FAILURE)


GENERATED: Mapping[str, Generate] = {
    "nodes-500": nodes(500),
    "nodes-1000": nodes(1000),
    "items-300": items(300),
    "items-10000": items(10_000, concurrency=50),
    "failures": failures,
    "nested": nested,
    "six-hours": six_hours,
    "twenty-ms": twenty_milliseconds,
    "stranger": stranger,
}

SECOND: Mapping[str, Generate] = {"items-300": items(300, seed=1), "stranger": stranger}
"""Runs of some of them that come after the first, to compare."""


def _write(
    folder: Path, name: str, nodes_: list[dict[str, Any]], edges: Sequence[tuple[str, str]], **fields: Mapping[str, Any]
) -> None:
    """An experience.yaml, and the one tool that all its tools are."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "work.py").write_text(_TOOL, encoding="utf-8")
    notes = {"type": "array", "merge": "array_append", "default": []}
    document = {
        "name": name,
        "version": "1.0.0",
        "state": {"schema": {"notes": notes, **fields}},
        "phases": [{"id": phase} for phase in _PHASES if any(node.get("phase") == phase for node in nodes_)],
        "graph": {"nodes": nodes_, "edges": [{"from": before, "to": after} for before, after in edges]},
    }
    if not document["phases"]:
        del document["phases"]
    text = yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=100)
    (folder / "experience.yaml").write_text(text, encoding="utf-8")


def _node(id_: str, kind: str = "tool", **keys: Any) -> dict[str, Any]:
    if kind == "tool":
        return {"id": id_, "kind": kind, "impl": "./work.py", **keys}
    schema = {"type": "object", "properties": {"notes": {"type": "array"}}}
    return {"id": id_, "kind": kind, "prompt": "Say what you see.", "schema": schema, "writes": ["notes"], **keys}


def _layers(random: Random, count: int) -> list[list[str]]:
    """The ids of the nodes, layer by layer: some layers are narrow, some wide."""
    layers: list[list[str]] = []
    made = 0
    while made < count:
        width = min(random.choice((1, 4, 12, 30)), count - made)
        layers.append([f"{_VERBS[len(layers) % 10]}_{_NOUNS[i % 8]}_{made + i + 1}" for i in range(width)])
        made += width
    return layers


def _behind(random: Random, layers: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """The nodes that each comes after: near ones of the layer before it, as in graphs that people draw."""
    behind: dict[str, list[str]] = {id_: [] for id_ in layers[0]}
    for before, layer in pairwise(layers):
        for index, id_ in enumerate(layer):
            near = round(index * (len(before) - 1) / max(1, len(layer) - 1))
            wanted = range(near, near + random.choice((1, 1, 1, 2, 3)))
            behind[id_] = [before[position] for position in wanted if position < len(before)]
    return behind


def _run_of(
    random: Random,
    ids: Sequence[str],
    behind: Mapping[str, Sequence[str]],
    kinds: Mapping[str, str],
    broken: set[str],
    slots: int = 8,
) -> list[TimedEvent]:
    """A run of plain nodes, at most `slots` at a time; what comes after a broken one is skipped."""
    made = Executions(random)
    ends: dict[str, float] = {}
    out: set[str] = set()
    free = [5.0] * slots
    for id_ in ids:
        befores = behind[id_]
        failed = next((before for before in befores if before in broken or before in out), None)
        ready = max((ends[before] for before in befores), default=0.0)
        if failed is not None:
            out.add(id_)
            ends[id_] = ready
            made.skipped(id_, ready + 1, failed)
            continue
        slot = min(range(slots), key=free.__getitem__)
        start = max(ready, free[slot]) + 1
        agent = kinds[id_] == "agent"
        end = free[slot] = ends[id_] = start + random.lognormvariate(6 if agent else 4, 0.8)
        given = Input(args={"limit": random.randint(1, 99)}, edges={before: _output(before) for before in befores})
        error = failure(_message(random, id_), random.randint(1, 80)) if id_ in broken else None
        metrics = _metrics(random, 4_000) if agent else None
        writes: Mapping[str, Json] = {"notes": [_sentence(random, 12)]} if agent else {}
        made.ran(id_, start, end, given=given, edge=_output(id_), writes=writes, metrics=metrics, error=error)
    return made.events()


def _fan_out(made: Executions, random: Random, values: Sequence[Json], slots: int, start: float) -> float:
    """The items of `judge`; when the last one has ended."""
    spans = schedule([random.lognormvariate(7, 0.6) for _ in values], slots, start + 5)
    errors: list[ErrorInfo | None] = []
    for index, (value, (begin, end)) in enumerate(zip(values, spans, strict=True)):
        error = failure(f"review {index} is written in no language that I know", 31) if index % 40 == 39 else None
        waits = [(begin + (end - begin) / 2, "429: too many requests")] if index % 15 == 7 else []
        made.ran(
            "judge",
            begin,
            end,
            (item_of("judge", index, value),),
            given=Input(item=value),
            writes={"notes": [_sentence(random, 6)]},
            metrics=_metrics(random, 900),
            waits=waits,
            error=error,
        )
        errors.append(error)
    ended = max(end for _, end in spans) + 1
    made.grouped("judge", start, ended, parts=errors, tolerant=True)
    return ended


def _region(made: Executions, start: float, end: float, scope: Scopes, region: Json) -> None:
    """One item of `nested`: three experiences, each within the one before."""
    experience = ScopeKind.EXPERIENCE
    region_scope = (*scope, Scope(experience, "regions"))
    city_scope = (*region_scope, Scope(experience, "city"))
    street_scope = (*city_scope, Scope(experience, "streets"))
    made.ran("list", start + 2, start + 100, region_scope, given=Input(args={"region": region}), edge=[region])
    made.ran("find", start + 120, start + 300, city_scope, edge={"found": 12})
    made.ran("walk", start + 320, start + 600, street_scope, activity="walking along the quay")
    made.ran("count", start + 610, start + 850, street_scope, edge={"houses": 93})
    made.grouped("streets", start + 310, start + 860, city_scope, parts=[None] * 2)
    made.grouped("city", start + 110, start + 870, region_scope, parts=[None] * 2)
    made.grouped("regions", start + 1, end, scope, parts=[None] * 2)


def _metrics(random: Random, tokens: int) -> Metrics:
    given, made = random.randint(tokens // 2, tokens), random.randint(tokens // 20, tokens // 8)
    return Metrics(given, made, round(given * 3e-6 + made * 15e-6, 6), _MODEL)


def _output(id_: str) -> Json:
    random = Random(id_)
    return {"rows": random.randint(1, 9999), "sample": _sentence(random, 10)}


def _message(random: Random, id_: str) -> str:
    return f"{id_} found {_sentence(random, random.choice((4, 9, 60)))}"


def _sentence(random: Random, words: int) -> str:
    return " ".join(random.choices(_WORDS, k=words))
