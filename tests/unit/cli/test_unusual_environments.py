"""Every command where a standard stream is closed, the current directory is gone, or HOME and TMPDIR lead nowhere."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.log.events.events import NodeCompleted
from tests.support.commands import OE, Called, call
from tests.support.worlds import World

pytestmark = pytest.mark.long

COMMANDS: dict[str, int] = {
    "validate {}": 0,
    "validate {} --format sarif": 0,
    "run {}": 0,
    "run {} --plan": 0,
    "run {} --log-format json": 0,
    "resume latest --experience {}": 0,
    "resume latest --plan --experience {}": 0,
    "resume latest --plan --json --experience {}": 0,
    "runs --experience {}": 0,
    "runs --json --experience {}": 0,
    "runs prune --keep 9 --experience {}": 0,
    "inspect latest --experience {}": 0,
    "inspect latest --follow --experience {}": 0,
    "diff latest latest --experience {}": 0,
    "cancel latest --experience {}": 1,
    "state --experience {}": 0,
    "state rebuild --experience {}": 0,
    "graph {}": 0,
    "schema": 0,
    "doctor {}": 0,
    "completion bash": 0,
    "init {}/new": 0,
    "--help": 0,
    "": 0,
}
"""Each command of `oe`, for the experience in the folder that the braces stand for, and how it ends there."""

OFTEN = {"run {}", "runs --experience {}"}
every_command = pytest.mark.parametrize(
    "command", [name if name in OFTEN else pytest.param(name, marks=pytest.mark.long) for name in COMMANDS]
)
"""A few for `make test`, all of them for `make test-long`."""

DEVICE, PIPE = stat.S_IFCHR, stat.S_IFIFO
CLOSED = [(0,), (0, 1, 2)]


@pytest.fixture(scope="module")
def experience(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An experience with a run."""
    world = World(tmp_path_factory.mktemp("experience"))
    world.write("a.py", "import os, stat\n\ndef run(input):\n    " + CHECKS_STREAMS)
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [x], cache: false}", state="x: {type: array}")
    assert call((*OE, "run"), world.folder).code == 0
    return world


CHECKS_STREAMS = """\
print('printed')
    return {'state_delta': {'x': [stat.S_IFMT(os.fstat(number).st_mode) for number in (0, 1, 2)]}}
"""


@pytest.fixture
def nowhere(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Takes away the current directory of the process that calls it."""

    def vanish() -> None:
        (tmp_path / "gone").mkdir()
        os.chdir(tmp_path / "gone")
        (tmp_path / "gone").rmdir()

    return vanish


def arguments(command: str, world: World) -> tuple[str, ...]:
    return tuple(word.replace("{}", str(world.folder)) for word in command.split())


def clean(world: World) -> None:
    """Without what `init` made."""
    subprocess.run(["rm", "-rf", str(world.folder / "new")], check=True)


@pytest.mark.parametrize("closed", CLOSED, ids=str)
@every_command
def test_a_stream_that_is_closed_does_no_harm(experience: World, closed: tuple[int, ...], command: str) -> None:
    clean(experience)

    def close() -> None:
        for stream in closed:
            os.close(stream)

    done = call((*OE, *arguments(command, experience)), experience.folder, prepare=close)

    assert done.code == COMMANDS[command], done.err
    assert "unexpected error" not in done.err
    if command.startswith(("run {}", "resume latest --experience")):
        # A log or a socket that had got the number of a stream would hold what was printed.
        newest = experience.store.run_ids()[0]
        records = experience.records(newest)
        assert records[-1].event.type == "run.finished"
        (made,) = (record.event for record in records if isinstance(record.event, NodeCompleted))
        assert made.output is not None
        assert made.output.state_delta == {"x": [DEVICE, PIPE, PIPE]}


@every_command
def test_a_closed_reader_causes_no_unexpected_error(experience: World, command: str) -> None:
    clean(experience)
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [*OE, *arguments(command, experience)],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)

    assert "Traceback" not in done.stderr
    assert "unexpected error" not in done.stderr
    assert done.returncode in (0, 1)


@every_command
def test_a_deleted_current_directory_does_not_matter_to_commands_that_do_not_use_it(
    experience: World, nowhere: Callable[[], None], command: str
) -> None:
    clean(experience)

    done = call((*OE, *arguments(command, experience)), experience.folder, prepare=nowhere)

    assert done.code == COMMANDS[command], done.err


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if "{}" in command and "init" not in command and "prune" not in command]
)
def test_a_deleted_current_directory_is_an_error_that_says_so(
    nowhere: Callable[[], None], tmp_path: Path, command: str
) -> None:
    words = [word for word in command.split() if word not in ("{}", "--experience")]

    done = call((*OE, *words), tmp_path, prepare=nowhere)

    assert done.code == 1
    assert done.err == "oe: the current directory was deleted; change to another one.\n"


@pytest.mark.parametrize(
    "env",
    [
        {"HOME": ""},
        {"HOME": "/nowhere/at/all"},
        {"HOME": "/dev/null"},
        {"TMPDIR": "/nowhere"},
        {"TMPDIR": "/dev/null", "TEMP": "/nowhere", "TMP": "/nowhere"},
        {"XDG_STATE_HOME": "/dev/null/x", "OE_STATE_DIR": "/dev/null/x"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "command",
    ["run {}", *(pytest.param(name, marks=pytest.mark.long) for name in sorted(OFTEN - {"run {}", "validate {}"}))],
)
def test_broken_user_folders_do_no_harm(experience: World, env: dict[str, str], command: str) -> None:
    done = call((*OE, *arguments(command, experience)), experience.folder, env)

    assert done.code == 0, done.err


def test_the_server_ends_where_nobody_can_speak_to_it(tmp_path: Path) -> None:
    def served(*closed: int) -> Called:
        def close() -> None:
            for stream in closed:
                os.close(stream)

        return call((sys.executable, "-m", "oe_lsp.server"), tmp_path, prepare=close)

    for closed in ((0,), (0, 1), (0, 2), (0, 1, 2)):
        ended = served(*closed)
        assert ended.code == 1
        assert "Error" not in ended.err


@pytest.mark.parametrize("kind", ["py", "mjs"])
def test_an_experience_that_is_deleted_while_it_runs_ends_the_run_in_words(tmp_path: Path, kind: str) -> None:
    (tmp_path / "gone").mkdir()
    world = World(tmp_path / "gone")
    world.write("a.py", "import os, shutil\n\ndef run(input):\n    shutil.rmtree(os.getcwd())\n    return {}\n")
    world.write("b.py", "def run(input):\n    return {}\n")
    world.write("b.mjs", "export default async () => ({})\n")
    world.graph(
        f"- {{id: a, kind: tool, impl: a.py}}\n- {{id: b, kind: tool, impl: b.{kind}}}", "- {from: a, to: b}", "x: {}"
    )

    done = call((*OE, "run", str(world.folder)), tmp_path)

    assert done.code == 1
    assert "was deleted during the run and could not be restored" in done.err
