"""Names that are not UTF-8, and others that a log, a terminal or a shell could trip over, in every command."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import OE, Called, call
from tests.support.worlds import World

NAMES = [
    b"caf\xe9",
    b"caf\\xe9",
    b"\xff\xfe\xc3",
    b"a b#c?d%41;e'",
    b"line\nbreak\x1b[31m",
    "\u202ecod\u00e9e\u0301".encode(),
    b"n" * 255,
]
ENCODINGS: dict[str, dict[str, str]] = {
    "utf-8": {},
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
}
NODES = """
- {id: python, kind: tool, impl: ./tools/a.py, uses: [data], produces: [out], writes: [a]}
- {id: node, kind: tool, impl: ./tools/b.mjs, writes: [b], uses: ['**/*.txt']}
- {id: rows, kind: dataset, source: {type: sqlite, uri: data/rows.sqlite, query: 'select * from t'}, writes: [rows]}
- {id: lines, kind: dataset, source: {type: file, uri: data/rows.csv}, writes: [rows]}
- {id: inner, kind: experience, impl: ./inner, writes: [a]}
"""
STATE = "a: {type: string}\nb: {type: string}\nrows: {type: array}"


def named(name: bytes) -> str:
    return os.fsdecode(name)


def experience(parent: Path, name: bytes) -> World:
    """An experience in a folder with such a name, with files of such names in it."""
    folder = parent / named(name)
    folder.mkdir()
    world = World(folder)
    world.graph(NODES, state=STATE)
    world.write(f"data/{named(name)[:250]}.txt", "one")
    world.write("data/rows.csv", "a\n1\n")
    with sqlite3.connect(folder / "data/rows.sqlite") as database:
        database.execute("create table t (a)")
    body = "import os\n\ndef run(input):\n    os.makedirs('out', exist_ok=True)\n"
    made = f"    open(b'out/' + {name!r}, 'w').close()\n    return {{'state_delta': {{'a': os.getcwd()[:0]}}}}\n"
    world.write("tools/a.py", body + made)
    world.write("tools/lib.mjs", "export const v = 'one'\n")
    world.write(
        "tools/b.mjs",
        "import { v } from './lib.mjs'\nimport fs from 'node:fs'\n"
        "export default async () => ({ state_delta: { b: v + fs.readFileSync('data/rows.csv') } })\n",
    )
    (folder / "inner").mkdir()
    inner = World(folder / "inner")
    inner.write("c.py", "def run(input):\n    return {'state_delta': {'a': 'x'}}\n")
    inner.graph("- {id: deep, kind: tool, impl: ./c.py, writes: [a], uses: [.]}", state="a: {type: string}")
    return world


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if at else (), id=ascii(name)) for at, name in enumerate(NAMES)]
)
def test_an_experience_in_an_oddly_named_folder_runs_and_is_restored(tmp_path: Path, name: bytes) -> None:
    world = experience(tmp_path, name)
    ran = call((*OE, "run"), world.folder)
    assert ran.code == 0, ran.out + ran.err

    # When nothing changes, all of it is restored, wherever the command is given
    again = call((*OE, "resume", "latest", "--experience", str(world.folder)), tmp_path)
    assert again.code == 0
    assert "4 cached" in again.out or "5 cached" in again.out, again.out

    # When a file with such a name changes, the nodes that use it run
    world.write(f"data/{named(name)[:250]}.txt", "two")
    plan = json.loads(call((*OE, "resume", "latest", "--plan", "--json"), world.folder).out)
    will_run = {entry["nodeId"] for entry in plan["entries"] if entry["answer"] != "restored"}
    assert will_run == {"python", "node"}

    # And when a file that a node made is gone, that one does
    world.write(f"data/{named(name)[:250]}.txt", "one")
    (world.folder / "out" / named(name)).unlink()
    plan = json.loads(call((*OE, "resume", "latest", "--plan", "--json"), world.folder).out)
    assert {entry["nodeId"] for entry in plan["entries"] if entry["answer"] != "restored"} == {"python"}
    assert world.records(world.store.run_ids()[0])


COMMANDS = (
    ("validate",),
    ("validate", "--format", "sarif"),
    ("validate", "--format", "github"),
    ("run", "--plan"),
    ("run", "--log-format", "json"),
    ("resume", "latest", "--experience"),
    ("resume", "latest", "--plan", "--experience"),
    ("runs", "--experience"),
    ("runs", "--json", "--experience"),
    ("inspect", "latest", "--experience"),
    ("inspect", "latest", "--json", "--experience"),
    ("diff", "latest", "latest", "--experience"),
    ("cancel", "latest", "--experience"),
    ("state", "--experience"),
    ("graph",),
    ("doctor",),
    ("doctor", "--json"),
    ("run", "--python"),
)


@pytest.mark.parametrize(
    "encoding",
    [pytest.param(name, marks=pytest.mark.long) for name in ENCODINGS],
)
def test_every_command_prints_unusual_file_names_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    world = experience(tmp_path, b"caf\xe9")
    world.write("experience.yaml", (world.folder / "experience.yaml").read_text() + "colour: red\n")
    ran = call_bytes(("run", str(world.folder)), tmp_path, encoding)
    assert ran.code == 1
    assert "caf\\xe9/experience.yaml:" in ran.err
    world.graph(NODES, state=STATE)
    assert call_bytes(("run", str(world.folder)), tmp_path, encoding).code == 0

    for command in COMMANDS:
        done = call_bytes((*command, str(world.folder)), tmp_path, encoding)

        assert "unexpected error" not in done.err, (command, done.err)
        assert "\udce9" not in done.out and "udce9" not in done.out, (command, done.out)
        assert done.code in (0, 1), (command, done.err)


def call_bytes(arguments: tuple[str, ...], folder: Path, encoding: str) -> Called:
    """Call `oe` where what it prints may be in any encoding."""
    env = {**os.environ, **ENCODINGS[encoding]}
    done = subprocess.run([*OE, *arguments], cwd=folder, env=env, capture_output=True, timeout=60, check=False)
    called = Called(done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1"))
    assert "Traceback" not in called.out + called.err
    return called
