"""The interpreter of a tool, its environment, and the number of tools at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.nodes.kind import NodeError
from engine.nodes.tool import ToolKind
from engine.nodes.workers.interpreters import find_node, find_python
from tests.support.commands import OE, call
from tests.unit.nodes.conftest import Bench


@pytest.fixture(autouse=True)
def no_choice_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OE_PYTHON", raising=False)


def make_program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_default_python_is_our_own(tmp_path: Path) -> None:
    assert find_python(tmp_path, None) == sys.executable


def test_a_virtual_environment_beside_the_experience_beats_our_own(tmp_path: Path) -> None:
    beside = make_program(tmp_path / ".venv/bin/python")

    assert find_python(tmp_path, None) == str(beside)


def test_the_variable_beats_the_virtual_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_program(tmp_path / ".venv/bin/python")
    monkeypatch.setenv("OE_PYTHON", str(make_program(tmp_path / "other")))

    assert find_python(tmp_path, None) == str(tmp_path / "other")


def test_the_option_beats_the_variable_and_may_be_the_name_of_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OE_PYTHON", "/nowhere")

    assert find_python(tmp_path, "sh") == shutil.which("sh")


def test_a_chosen_python_that_is_no_program_is_an_error_that_names_its_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OE_PYTHON", "/nowhere/python")

    with pytest.raises(NodeError, match="OE_PYTHON names /nowhere/python, which does not exist; give"):
        find_python(tmp_path, None)


def test_without_node_the_error_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(NodeError, match=r"install Node\.js 18 or newer"):
        find_node()


async def test_an_interpreter_that_is_no_python_fails_the_node_with_its_output(tmp_path: Path) -> None:
    program = make_program(tmp_path / "fake", "#!/bin/sh\necho this is no Python\nexit 4\n")
    bench = Bench(tmp_path, ToolKind(tmp_path, python=str(program)))
    bench.write("a.py", "def run(i): return {}")

    with pytest.raises(NodeError, match=r"--python names .*fake ended with exit code 4: this is no Python; give"):
        await bench.call("a.py")
    await bench.kind.close()


async def test_a_program_that_cannot_be_started_fails_the_node(tmp_path: Path) -> None:
    program = make_program(tmp_path / "broken", "#!/nowhere/sh\n")
    bench = Bench(tmp_path, ToolKind(tmp_path, python=str(program)))
    bench.write("a.py", "def run(i): return {}")

    with pytest.raises(NodeError, match="broken cannot be started: No such file"):
        await bench.call("a.py")
    await bench.kind.close()


BROKEN = {
    "a link to nothing": "is a broken link to /no/such/python3",
    "a link to itself": "is a broken link to",
    "not executable": "is not executable",
    "a folder": "is a folder",
    "nothing in bin": "does not exist",
    "a link as a whole": "does not exist",
    "of another machine": "cannot be started: Exec format error",
    "ends at once": "ended with exit code 3: no module named encodings",
    "is killed": "ended with signal 9",
    "prints what it likes": "printed “hello” when asked for its version",
    "says nothing": "printed nothing when asked for its version",
    "too old": "is Python 2.7.18; tools need 3.8 or newer",
}


def broken_environment(folder: Path, how: str) -> None:
    """A `.venv` whose Python does not work."""
    program = folder / ".venv/bin/python"
    scripts = {
        "not executable": "",
        "of another machine": "\x7fELF nothing of the sort",
        "ends at once": "#!/bin/sh\necho no module named encodings >&2\nexit 3\n",
        "is killed": "#!/bin/sh\nkill -9 $$\n",
        "prints what it likes": "#!/bin/sh\necho hello\n",
        "says nothing": "#!/bin/sh\n",
        "too old": "#!/bin/sh\necho 2.7.18\n",
    }
    if how == "a link as a whole":
        (folder / ".venv").symlink_to("/no/such/environment")
        return
    program.parent.mkdir(parents=True)
    (folder / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    if how in scripts:
        make_program(program, scripts[how])
    if how == "not executable":
        program.chmod(0o644)
    if how == "a folder":
        program.mkdir()
    if how.startswith("a link to"):
        program.symlink_to("python" if how.endswith("itself") else "/no/such/python3")


@pytest.mark.parametrize("how", BROKEN)
async def test_a_broken_venv_beside_the_experience_is_an_error_with_its_remedy(tmp_path: Path, how: str) -> None:
    broken_environment(tmp_path, how)
    bench = Bench(tmp_path, ToolKind(tmp_path))
    bench.write("a.py", "def run(i): return {}")

    with pytest.raises(NodeError) as raised:
        await bench.call("a.py")
    await bench.kind.close()

    assert raised.value.info.type == "NoInterpreter"
    message = raised.value.info.message
    assert message.startswith(f"the .venv beside the experience has {tmp_path / '.venv/bin/python'}")
    assert BROKEN[how] in message
    assert message.endswith(
        "recreate it (python3 -m venv --clear .venv), remove it, or name another Python with --python"
    )
    checked = call((*OE, "doctor"), tmp_path)
    assert checked.code == 1
    assert message in checked.out


@pytest.mark.parametrize("origin", ["--python", "OE_PYTHON"])
@pytest.mark.parametrize("named", ["./gone", "no-such-python", "~nobody-at-all/python", "folder/", "plain"])
def test_a_named_python_that_does_not_work_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: str, named: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    if origin == "OE_PYTHON":
        monkeypatch.setenv("OE_PYTHON", named)

    with pytest.raises(NodeError, match=f"^{origin} names {named}, which .*; give {origin} the path of a Python"):
        find_python(tmp_path, named if origin == "--python" else None)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\necho libnode.so: cannot open >&2\nexit 127\n", "exit code 127: libnode.so: cannot open"),
        ("#!/bin/sh\necho v12.22.1\n", "is Node.js 12.22.1; install Node.js 18 or newer"),
        ("#!/nowhere/sh\n", "cannot be started: No such file or directory"),
    ],
)
async def test_a_broken_node_js_is_an_error_without_fallback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    make_program(tmp_path / "bin/node", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    bench = Bench(tmp_path, ToolKind(tmp_path))
    bench.write("a.mjs", "export default async () => ({})")

    with pytest.raises(NodeError) as raised:
        await bench.call("a.mjs")
    await bench.kind.close()

    assert raised.value.info.type == "NoInterpreter"
    assert f"{tmp_path / 'bin/node'} " in raised.value.info.message
    assert said in raised.value.info.message
    assert said in call((*OE, "doctor"), tmp_path, {"PATH": os.environ["PATH"]}).out


def test_a_node_that_cannot_be_executed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "node").symlink_to("/no/such/node")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NodeError, match="node is a broken link to /no/such/node; install Node"):
        find_node()


def test_only_cores_that_this_process_may_use_count() -> None:
    one = next(iter(os.sched_getaffinity(0)))

    said = subprocess.run(
        [sys.executable, "-c", "from engine.nodes.processes.environment import cores; print(cores())"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {one}),
    ).stdout

    assert said == "1\n"
