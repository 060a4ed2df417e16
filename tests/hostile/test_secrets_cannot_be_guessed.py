"""Who has all that runs leave and print, but not the key of the user, finds no four-digit PIN by trying all of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.canonical import canonical, hash_value
from engine.expressions import Json
from tests.support.commands import OE, Called, call
from tests.support.worlds import World

PIN, OTHER = 4815, 2342
ITEMS = [1623, 4216]
TOKEN, ROTATED = "t0ken-of-old-0123456789", "t0ken-of-new-9876543210"

NODES = """
- {id: takes, kind: tool, impl: takes.py, args: {login: {user: anna, pin: $args.pin}, token: $args.token}, writes: [x]}
- {id: keeps, kind: tool, impl: keeps.py, reads: [x], writes: [kept]}
- {id: asks, kind: tool, impl: asks.py, args: {who: $args.login}}
- {id: each, kind: tool, impl: each.py, for_each: {source: $args.pins}, args: {pin: $item}}
- {id: nests, kind: experience, impl: child/experience.yaml,
   args: {code: $args.pin, own: {pin: $args.login.pin}, codes: $args.pins}}
- {id: fails, kind: tool, impl: fails.py, args: {pin: $args.pin}, on_error: {policy: skip}}
"""
ARGS = """
args:
  type: object
  properties:
    pin: {type: integer, writeOnly: true}
    token: {type: string, writeOnly: true}
    pins: {type: array, items: {type: integer, writeOnly: true}}
    login: {type: object, properties: {user: {type: string}, pin: {type: string, writeOnly: true}}}
"""
CHILD = """
- {id: inner, kind: tool, impl: inner.py, args: {code: $args.code, own: $args.own}, writes: [y]}
- {id: items, kind: tool, impl: inner.py, for_each: {source: $args.codes}, args: {code: $item}}
"""
CHILD_ARGS = """
args:
  type: object
  properties:
    code: {type: integer}
    own: {type: object}
    codes: {type: array, items: {type: integer, writeOnly: true}}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "world")
    world.graph(NODES, "[{from: takes, to: keeps}]", "x: {}\nkept: {persist: true}")
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text() + ARGS)
    world.tool("takes", "return {'state_delta': {'x': {'at': [input['login']['pin'], input['token']]}}}")
    world.tool("keeps", "return {'state_delta': {'kept': state['x']['at'][0]}, 'edge_output': {'n': 1}}")
    world.tool("asks", "print('PIN', input['who']['pin'])\nreturn {'edge_output': 'pin=' + input['who']['pin']}")
    world.tool("each", "return {'edge_output': [item, str(item)]}")
    world.tool("fails", "raise ValueError(f\"no such pin: {input['pin']}\")")
    child = World(world.folder / "child")
    child.graph(CHILD, state="y: {}")
    path = child.folder / "experience.yaml"
    path.write_text(path.read_text() + CHILD_ARGS)
    child.tool("inner", "return {'state_delta': {'y': input['code']}} if 'own' in input else {'edge_output': 1}")
    return world


def oe(world: World, *command: str, pin: int = PIN, token: str = TOKEN) -> Called:
    login = {"user": "anna", "pin": str(pin)}
    given = {"PIN": str(pin), "TOKEN": token, "PINS": json.dumps(ITEMS), "LOGIN": json.dumps(login)}
    return call([*OE, *command], world.folder, {f"OE_ARG_{name}": value for name, value in given.items()})


def guesses() -> Iterator[str]:
    """What anybody can compute for each PIN: of the value alone, and of all that the experience makes of it."""
    for pin in range(10_000):
        one, text = pin, f"{pin:04}"
        values: list[Json] = [one, text, [one], [text], {"pin": one}, {"pin": text}, {"user": "anna", "pin": one}]
        values += [{"user": "anna", "pin": text}, {"at": [one, TOKEN]}, {"code": one}]
        for value in values:
            yield hash_value(value)
            yield hashlib.sha256(canonical(value)).hexdigest()
        yield hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.long
def test_no_pin_and_no_token_is_in_what_runs_leave_and_print_nor_can_be_tried_out(world: World) -> None:
    args = {"pin": PIN, "token": TOKEN, "pins": ITEMS, "login": {"user": "anna", "pin": str(PIN)}}
    first = oe(world, "run", "--log-format", "json", "--log-level", "debug", "--args", json.dumps(args))
    run_id = first.lines[0]["runId"]
    rotated = {"pin": OTHER, "token": ROTATED}
    said = [
        first,
        oe(world, "resume", run_id, "--plan", **rotated),
        oe(world, "resume", run_id, "--plan", "--json", **rotated),
        oe(world, "resume", run_id, "--log-format", "json", "--log-level", "debug", **rotated),
        oe(world, "resume", "latest", "--plan"),
        oe(world, "diff", run_id, "latest"),
        oe(world, "diff", run_id, "latest", "--json"),
        oe(world, "inspect", "latest"),
        oe(world, "inspect", "latest", "--json"),
        oe(world, "inspect", "latest", "--html", ".openexpertise/page.html"),
        oe(world, "state", "--json"),
    ]
    failed = [called.err for called in said if "Traceback" in called.err or called.code not in (0, 1)]
    assert failed == []
    left = {path.name: path.read_bytes() for path in (world.folder / ".openexpertise").rglob("*") if path.is_file()}
    assert len(left) > 8
    everything = {**left, **{str(at): (called.out + called.err).encode() for at, called in enumerate(said)}}

    secrets = "|".join(map(str, (PIN, OTHER, *ITEMS, TOKEN, ROTATED)))
    word = re.compile(rf"(?<![\w.:])(?:{secrets})(?![\w.])".encode())
    assert {name: found for name, content in everything.items() if (found := word.findall(content))} == {}
    known = {found[:12] for content in everything.values() for found in re.findall(rb"[0-9a-f]{12,}", content)}
    assert len(known) > 50
    assert {guess for guess in guesses() if guess[:12].encode() in known} == set()


def test_what_the_original_held_in_plain_is_not_shown_once_it_is_a_secret(world: World) -> None:
    path = world.folder / "experience.yaml"
    declared = path.read_text()
    path.write_text(declared.replace(", writeOnly: true", ""))
    args = {"pin": PIN, "token": TOKEN, "pins": ITEMS, "login": {"user": "anna", "pin": str(PIN)}}
    first = oe(world, "run", "--log-format", "json", "--args", json.dumps(args))
    path.write_text(declared)

    said = [
        oe(world, "resume", first.lines[0]["runId"], "--plan", "--json", pin=OTHER, token=ROTATED),
        oe(world, "resume", first.lines[0]["runId"], "--plan", pin=OTHER, token=ROTATED),
    ]

    for called in said:
        assert called.code == 0
        assert "a secret cannot be compared here" in called.out
        assert not re.findall(rf"\b(?:{PIN}|{OTHER}|{TOKEN}|{ROTATED})\b", called.out + called.err)
