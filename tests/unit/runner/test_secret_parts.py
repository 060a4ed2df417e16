"""Input parts from secret args, hashed with the user's key: another value never gets the old result, and no log reveals
the value.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from engine.cache.decisions.decision import Answer
from engine.cache.keys.input_hash import Parts
from engine.cache.keys.input_parts import InputHashers
from engine.cache.keys.secret_parts import SecretParts
from engine.cache.keys.sources import new_sources
from engine.cache.keys.user_key import KEY_FILE
from engine.canonical import canonical, hash_value
from engine.experience.load import load
from engine.expressions import Json
from engine.log.events.events import NodeCached, NodeCompleted, NodeStarted
from engine.nodes.registry import kinds
from engine.runner.prepare import make_llm, prepare_run
from engine.scheduler.state.results import Results
from engine.user_folder import STATE_FOLDER_VARIABLE
from tests.support.worlds import World

PIN = 4815
OTHER = 2342
INCOMPARABLE = "a secret cannot be compared here"


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user"
    monkeypatch.setenv(STATE_FOLDER_VARIABLE, str(folder))
    return folder


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """`opens` is given the PIN; `after` reads what it came to, `apart` is a dataset and receives no arg."""
    monkeypatch.setenv("OE_ARG_PIN", str(PIN))
    world = World(tmp_path / "world")
    world.graph(
        """
        - {id: opens, kind: tool, impl: opens.py, args: {code: {pin: $args.pin}}, writes: [x]}
        - {id: after, kind: dataset, source: {type: file, uri: rows.csv}, writes: [rows]}
        """,
        state="x: {}\nrows: {}",
    )
    world.write("rows.csv", "a\n1\n")
    args(world, "pin: {type: integer, writeOnly: true}", "city: {type: string}")
    world.tool("opens", "return {'state_delta': {'x': input['code']['pin'] % 7}}")
    return world


def args(world: World, *declared: str) -> None:
    path = world.folder / "experience.yaml"
    lines = "".join(f"    {line}\n" for line in declared)
    path.write_text(f"{path.read_text().partition('args:' + chr(10))[0]}args:\n  type: object\n  properties:\n{lines}")


def completed(world: World, run_id: str) -> dict[str, NodeCompleted]:
    events = (record.event for record in world.records(run_id))
    return {event.node_id: event for event in events if isinstance(event, NodeCompleted)}


def reasons(world: World, run_id: str, node: str) -> tuple[str, ...]:
    events = (record.event for record in world.records(run_id))
    return next(event.reasons for event in events if isinstance(event, NodeStarted) and event.node_id == node)


async def test_the_same_value_restores_every_node(world: World) -> None:
    done = await world.run({"pin": PIN})
    world.executed()

    resumed = await world.resume(done.run_id)

    assert world.executed() == []
    assert set(world.restored(resumed.run_id)) == {"opens", "after"}
    again = await world.resume(resumed.run_id)
    assert set(world.restored(again.run_id)) == {"opens", "after"}


async def test_another_value_never_gets_the_old_result(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done = await world.run({"pin": PIN})
    world.executed()
    monkeypatch.setenv("OE_ARG_PIN", str(OTHER))

    resumed = await world.resume(done.run_id)

    assert world.executed() == ["opens"]
    assert resumed.final_state["x"] == OTHER % 7
    assert world.restored(resumed.run_id) == ["after"]
    assert reasons(world, resumed.run_id, "opens") == ("runArgs.pin changed", "args.code changed")


async def test_only_the_parts_that_come_from_it_are_keyed(world: World) -> None:
    done = await world.run({"pin": PIN, "city": "Oslo"})

    events = completed(world, done.run_id)
    assert events["opens"].keyed_parts is not None
    assert set(events["opens"].keyed_parts) == {"args.code", "runArgs.pin"}
    assert events["after"].keyed_parts is None
    assert (events["opens"].input_parts or {})["runArgs.city"] == hash_value("Oslo")[:12]
    assert "runArgs.pin" not in (events["after"].input_parts or {})


async def test_with_another_key_the_nodes_that_receive_it_run_again_and_say_why(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = await world.run({"pin": PIN})
    world.executed()
    monkeypatch.setenv(STATE_FOLDER_VARIABLE, str(tmp_path / "another user"))

    [opens, after] = world.plan(done.run_id).entries
    resumed = await world.resume(done.run_id)

    assert opens.reasons == (f"{INCOMPARABLE}: args.code, runArgs.pin",)
    assert (opens.answer, after.answer) == (Answer.WILL_RUN, Answer.RESTORED)
    assert reasons(world, resumed.run_id, "opens") == opens.reasons
    assert world.executed() == ["opens"]
    assert world.restored(resumed.run_id) == ["after"]


async def test_where_no_key_can_be_kept_the_run_goes_on_and_says_so_once(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv(STATE_FOLDER_VARIABLE, str(tmp_path / "no folder"))

    done = await world.run({"pin": PIN})

    assert world.types(done.run_id).count("run.warning") == 1
    assert done.final_state["x"] == PIN % 7
    assert world.plan(done.run_id).entries[0].reasons == (f"{INCOMPARABLE}: args.code, runArgs.pin",)
    assert world.plan(done.run_id).digest == world.plan(done.run_id).digest


async def test_in_a_log_of_an_earlier_engine_it_cannot_be_compared(world: World) -> None:
    """There, secret args of the run were no part of the hash, and what came from them was hashed with no key."""
    done = await world.run({"pin": PIN})
    path = world.store.log(done.run_id)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        line.pop("maskedArgs", None)
        if line.pop("keyedParts", None):
            del line["inputParts"]["runArgs.pin"]
            line["inputParts"]["args.code"] = hash_value({"pin": PIN})[:12]
            line["inputHash"] = "0" * 64
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    world.executed()

    [opens, after] = world.plan(done.run_id).entries

    assert opens.reasons == (f"{INCOMPARABLE}: args.code, runArgs.pin",)
    assert after.answer is Answer.RESTORED


async def test_trying_every_pin_finds_none_in_the_parts_of_a_log(world: World, state_folder: Path) -> None:
    done = await world.run({"pin": PIN})
    event = completed(world, done.run_id)["opens"]
    parts = event.input_parts or {}
    logged = world.store.log(done.run_id).read_text()

    for pin in range(10_000):
        for value in ({"pin": pin}, pin, str(pin)):
            digest = hash_value(value)
            assert digest[:12] not in parts.values()
            assert digest[:16] not in logged
    key = (state_folder / KEY_FILE).read_bytes()
    assert hmac.new(key, canonical(PIN), hashlib.sha256).hexdigest()[:12] == parts["runArgs.pin"]
    assert key.hex() not in logged


@pytest.mark.parametrize("pin", [PIN, 7, "ab", True, None])
async def test_however_short_it_is_it_is_masked_where_it_is_received(
    world: World, monkeypatch: pytest.MonkeyPatch, pin: Json
) -> None:
    args(world, "pin: {writeOnly: true}")
    world.tool("opens", "return {'state_delta': {'x': 'opened'}}")

    done = await world.run({"pin": pin})

    started = [record.event for record in world.records(done.run_id) if isinstance(record.event, NodeStarted)]
    assert started[0].input is not None
    assert started[0].input.args == {"code": {"pin": "***"}}
    assert (completed(world, done.run_id)["opens"].keyed_parts or {}).keys() == {"args.code", "runArgs.pin"}
    assert done.final_state["x"] == "opened"


async def test_of_an_object_only_what_is_marked_is_secret(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.graph(
        """
        - {id: user, kind: tool, impl: user.mjs, args: {user: $args.login.user}}
        - {id: file, kind: dataset, source: {type: file, uri: $args.login.file}, writes: [rows]}
        - {id: pins, kind: dataset, source: {type: file, uri: $args.login.pins.0}, writes: [rows]}
        """,
        state="rows: {}",
    )
    world.write("other.csv", "a\n2\n")
    world.write("user.mjs", "export default async () => ({})")
    args(
        world,
        "login: {type: object, properties: {user: {type: string}, file: {type: string}, "
        "pins: {type: array, items: {writeOnly: true}}}}",
    )
    login: Json = {"user": "anna", "file": "rows.csv", "pins": ["other.csv"]}
    done = await world.run({"login": login})

    keyed = {name: set(event.keyed_parts or {}) for name, event in completed(world, done.run_id).items()}
    assert keyed == {"user": {"runArgs.login"}, "file": set(), "pins": {"source.uri"}}
    assert '"uri":"***"' in world.store.log(done.run_id).read_text()
    assert "other" not in world.store.log(done.run_id).read_text()
    monkeypatch.setenv("OE_ARG_LOGIN", json.dumps(login))
    resumed = await world.resume(done.run_id)
    assert set(world.restored(resumed.run_id)) == {"user", "file", "pins"}


@pytest.fixture
def doors(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A fan-out over secret PINs, and a pipeline."""
    world.graph(
        """
        - {id: opens, kind: tool, impl: opens.py, for_each: {source: $args.pins}, args: {pin: $item}, writes: [found]}
        - {id: stage, kind: tool, impl: stage.py, writes: [found]}
        """,
        state="found: {type: array, merge: array_append}",
    )
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text() + "  pipelines: [{id: flow, items: $args.pins, stages: [stage]}]\n")
    args(world, "pins: {type: array, items: {type: integer, writeOnly: true}}")
    for name in ("opens", "stage"):
        world.tool(name, "return {'state_delta': {'found': [item % 7]}}")
    monkeypatch.setenv("OE_ARG_PINS", json.dumps([PIN, 12, PIN]))
    return world


async def test_items_that_are_secrets_are_known_by_keyed_places(
    doors: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = await doors.run({"pins": [PIN, 12, PIN]})
    logged = doors.store.log(done.run_id).read_text()
    inputs = [record.event.input for record in doors.records(done.run_id) if isinstance(record.event, NodeStarted)]
    assert {received.item for received in inputs if received is not None} == {"***"}
    assert not any(hash_value(pin)[:12] in logged for pin in range(10_000))
    doors.executed()

    resumed = await doors.resume(done.run_id)
    assert doors.executed() == []
    assert len(doors.restored(resumed.run_id)) == 6

    monkeypatch.setenv("OE_ARG_PINS", json.dumps([PIN, 12, 13]))
    one_changed = await doors.resume(done.run_id)
    assert len(doors.restored(one_changed.run_id)) == 0  # a tool gets all args of the run
    [opens, _] = doors.plan(done.run_id).entries
    assert opens.items[2].reasons == ("new item",)

    monkeypatch.setenv(STATE_FOLDER_VARIABLE, str(tmp_path / "another user"))
    [opens, flow] = doors.plan(done.run_id).entries
    assert {item.reasons for item in opens.items} == {(f"{INCOMPARABLE}: item",)}
    assert {item.reasons for item in flow.items} == {(f"stage: {INCOMPARABLE}: item",)}


CHILD = """
name: child
version: 1.0.0
args: {type: object, properties: {code: {type: integer, writeOnly: CODE}, city: {type: string}}}
state: {schema: {y: {}}}
graph:
  nodes: [{id: in, kind: tool, impl: ../in.py, args: {code: $args.code}, writes: [y]}]
  edges: []
"""


@pytest.mark.parametrize("declared", ["both", "outer", "inner"])
async def test_in_a_nested_experience_it_is_a_secret_whoever_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch, declared: str
) -> None:
    pin = 48151623
    world.write("child/experience.yaml", CHILD.replace("CODE", "false" if declared == "outer" else "true"))
    world.graph(
        "- {id: nest, kind: experience, impl: child/experience.yaml, args: {code: $args.pin, city: Oslo}}", state=""
    )
    args(world, f"pin: {{type: integer, writeOnly: {'false' if declared == 'inner' else 'true'}}}")
    world.tool("in", "return {'state_delta': {'y': [input['code']]}}")
    monkeypatch.setenv("OE_ARG_PIN", str(pin))

    done = await world.run({"pin": pin})

    event = completed(world, done.run_id)["in"]
    assert (event.keyed_parts or {}).keys() == {"args.code", "runArgs.code"}
    assert (event.restorable, event.output and event.output.state_delta) == (False, {"y": ["***"]})
    assert str(pin) not in world.store.log(done.run_id).read_text()
    world.executed()
    await world.resume(done.run_id)
    assert world.executed() == ["in"]


async def test_args_that_a_nested_experience_refuses_are_not_shown(world: World) -> None:
    world.write("child/experience.yaml", CHILD.replace("{type: integer, writeOnly: CODE}", "{type: string}"))
    world.graph("- {id: nest, kind: experience, impl: child/experience.yaml, args: {code: $args.pin}}", state="")
    args(world, "pin: {type: integer, writeOnly: true}")
    world.tool("in", "return {}")

    done = await world.run({"pin": 12})

    assert done.finished.error is not None
    assert "`code` must be" in done.finished.error.message
    assert "12" not in done.finished.error.message


@pytest.mark.parametrize(
    ("prompt", "receives"),
    [("Say {{$args.pin}}", True), ("All: {{$args}}", True), ("Say {{$args.city}}", False), ("Say $args", False)],
)
@pytest.mark.parametrize("kind", ["agent", "cli-agent, provider: codex"])
def test_a_prompt_receives_what_it_inserts(world: World, kind: str, prompt: str, receives: bool) -> None:
    for written in (prompt, "prompts/p.md"):
        world.write("prompts/p.md", prompt)
        world.graph(f"- {{id: asks, kind: {kind}, prompt: {json.dumps(written)}, writes: [x]}}", state="x: {}")
        args(world, "pin: {type: integer, writeOnly: true}", "city: {type: string}")

        [parts] = parts_of(world, {"pin": PIN, "city": "Oslo"})

        assert ("runArgs.pin" in parts) is receives
        assert "runArgs.city" in parts


async def test_a_value_that_a_tool_passed_on_is_keyed_further_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "t0ken-48151623"
    world.graph(
        """
        - {id: gives, kind: tool, impl: gives.py, writes: [x]}
        - {id: takes, kind: tool, impl: takes.py, reads: [x]}
        """,
        "[{from: gives, to: takes}]",
        "x: {}",
    )
    args(world, "pin: {type: string, writeOnly: true}")
    world.tool("gives", "return {'state_delta': {'x': [input['_args']['pin']]}, 'edge_output': 1}")
    world.tool("takes", "return {'edge_output': 2}")
    monkeypatch.setenv("OE_ARG_PIN", token)

    done = await world.run({"pin": token})

    assert (completed(world, done.run_id)["takes"].keyed_parts or {}).keys() == {"reads.x", "runArgs.pin"}
    world.executed()
    resumed = await world.resume(done.run_id)
    assert world.executed() == ["gives"]
    assert world.restored(resumed.run_id) == ["takes"]


def test_a_rotated_key_of_a_provider_or_header_invalidates_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.graph(
        """
        - {id: a, kind: tool, impl: a.py}
        - {id: b, kind: cli-agent, provider: codex, prompt: hello, writes: [x]}
        - {id: rows, kind: dataset, source: {type: http, url: "http://127.0.0.1:9", headers: {K: "${ROWS_TOKEN}"}},
           writes: [x]}
        """,
        state="x: {}",
    )
    world.tool("a", "return {}")
    names = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "ROWS_TOKEN")
    seen = []
    for value in ("an-old-k3y-0123", "a-new-k3y-4567", "short"):
        for name in names:
            monkeypatch.setenv(name, value)
        seen.append(parts_of(world, {}))

    assert seen[0] == seen[1] == seen[2]


def test_the_hash_of_a_node_without_secrets_is_what_it_was(world: World) -> None:
    args(world, "city: {type: string}")
    world.graph("- {id: opens, kind: tool, impl: opens.py}")

    [parts] = parts_of(world, {"city": "Oslo"})

    assert all(":" not in part for part in parts.values())


async def test_what_was_restored_is_logged_with_the_key_that_it_was_compared_with(world: World) -> None:
    done = await world.run({"pin": PIN})
    resumed = await world.resume(done.run_id)

    events = [record.event for record in world.records(resumed.run_id) if isinstance(record.event, NodeCached)]
    before = completed(world, done.run_id)
    assert {event.node_id: event.keyed_parts for event in events} == {
        name: event.keyed_parts for name, event in before.items()
    }


def parts_of(world: World, given: dict[str, Json]) -> list[Parts]:
    """The parts of each node, as far as they depend on the node alone."""
    preparation = prepare_run(load(world.folder), given)
    secret_parts = SecretParts(preparation.found.secrets)
    results = Results(preparation.composition, preparation.args, {}, hash_of=secret_parts.hash)
    made = kinds(world.folder, llm=make_llm(preparation))
    hasher = InputHashers(made, preparation.composition, new_sources({}), secret_parts).of(results)
    return [hasher.node(node, {}).parts for node in preparation.experience.nodes]
