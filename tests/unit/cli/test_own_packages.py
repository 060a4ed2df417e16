"""`engine` and `schemas` are names that others use, too: theirs are never taken for ours, and tools still get them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from engine.nodes.tool import ToolKind
from tests.lsp.conftest import Weather
from tests.lsp.editor import Editor
from tests.support.commands import call
from tests.support.worlds import World
from tests.unit.nodes.conftest import Bench

SCRIPT = (sys.executable, "-c", "from oe_lsp.entry import run_oe; run_oe()")
"""What installing makes of the command `oe`; the current directory is on its search path, too."""

MODULE = (sys.executable, "-m", "oe_lsp.entry")
SERVER = (sys.executable, "-m", "oe_lsp.server")
THEIRS = ("engine/__init__.py", "engine/cli.py", "schemas/__init__.py", "click.py", "yaml.py", "msgspec.py", "pygls.py")
TOOL = """
import engine, schemas

def run(input):
    return {'state_delta': {'a': engine.WHOSE + schemas.WHOSE}}
"""


def theirs(folder: Path) -> Path:
    """A folder with packages and modules that bear names of ours, or of libraries that we use."""
    for name in THEIRS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("WHOSE = 'theirs'\n")
    return folder


@pytest.fixture(params=["beside the experience", "on PYTHONPATH", "on PYTHONPATH as the empty entry"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[World, dict[str, str]]:
    """An experience whose tool imports packages of its author's, and the environment in which it finds them."""
    (tmp_path / "ours").mkdir()
    world = World(tmp_path / "ours")
    world.write("a.py", TOOL)
    world.graph("- {id: first, kind: tool, impl: a.py, writes: [a]}", state="a: {type: string}")
    if request.param == "on PYTHONPATH":
        return world, {"PYTHONPATH": str(theirs(tmp_path / "elsewhere"))}
    theirs(world.folder)
    return world, {"PYTHONPATH": os.pathsep} if request.param.endswith("entry") else {}


@pytest.mark.parametrize(
    "command", [pytest.param(SCRIPT, id="the command"), pytest.param(MODULE, id="the module", marks=pytest.mark.long)]
)
def test_oe_loads_its_own_packages_and_tools_get_theirs(
    place: tuple[World, dict[str, str]], command: tuple[str, ...]
) -> None:
    world, env = place

    ran = call((*command, "run", "--log-format", "json"), world.folder, env)

    assert ran.code == 0, ran.err
    assert ran.lines[-1]["finalState"] == {"a": "theirstheirs"}
    assert call((*command, "resume", "latest"), world.folder, env).code == 0


def test_doctor_says_where_each_package_is_loaded_from_and_what_shadows_it(
    place: tuple[World, dict[str, str]],
) -> None:
    world, env = place
    folder = Path(env["PYTHONPATH"]) if env.get("PYTHONPATH", os.pathsep) != os.pathsep else world.folder
    here = Path(__file__).parents[3]

    said = json.loads(call((*SCRIPT, "doctor", "--json"), world.folder, env).out)

    checks = {check["name"]: check for check in said["checks"]}
    for name in ("engine", "schemas"):
        assert checks[name]["status"] == "warn"
        assert checks[name]["detail"].startswith(f"loaded from {here / name}, not from {folder / name}: ")
    assert checks["oe_lsp"] == {"name": "oe_lsp", "status": "pass", "detail": f"loaded from {here / 'oe_lsp'}"}


@pytest.mark.parametrize("where", ["the current directory", "PYTHONPATH"])
async def test_the_server_and_its_engines_load_their_own_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (tmp_path / "ours").mkdir()
    weather = Weather(tmp_path / "ours").mend()
    folder = theirs(weather.folder if where == "the current directory" else tmp_path / "elsewhere")
    monkeypatch.chdir(folder)
    env = {"PYTHONPATH": str(folder)} if where == "PYTHONPATH" else {}

    async with Editor(weather.folder, env=env, server=SERVER) as editor:
        uri = editor.open()
        assert not await editor.problems_of(uri)
        run_id = (await editor.click(await editor.lens(uri, "▶ Run")))["runId"]
        end = await editor.until_progress_ends(run_id)

    assert end.message.startswith("succeeded: ")


@pytest.mark.parametrize("installed_as", ["a file", "a link"])
async def test_no_tool_gets_a_module_that_lies_beside_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed_as: str
) -> None:
    """Some installers link the files of packages to one place."""
    worker = Path(__file__).parents[3] / "engine/nodes/workers/worker.py"
    if installed_as == "a link":
        (tmp_path / "worker.py").symlink_to(worker)
        monkeypatch.setattr("engine.nodes.tool._WORKER", str(tmp_path / "worker.py"))
    (tmp_path / "ours").mkdir()
    kind = ToolKind(tmp_path / "ours")
    names = sorted(file.stem for file in worker.parent.glob("*.py"))
    bench = Bench(tmp_path / "ours", kind)
    bench.write("a.py", "from importlib.util import find_spec\n\ndef run(input):\n    return {'edge_output': "
                        f"[name for name in {names} if find_spec(name) is not None]}}\n")  # fmt: skip

    outcome = await bench.call("a.py")
    await kind.close()

    assert outcome.output.edge_output == []


def test_packages_copied_into_a_folder_of_libraries_find_each_other(tmp_path: Path) -> None:
    """As a wheel installs them, beside everything else; and a link to them, as an editable install may make."""
    root = Path(__file__).parents[3]
    for name in ("engine", "schemas", "oe_lsp"):
        shutil.copytree(root / name, tmp_path / "site" / name, ignore=shutil.ignore_patterns("__pycache__"))
    folder = theirs(tmp_path / "theirs")
    code = f"import sys; sys.path.append({str(tmp_path / 'site')!r}); sys.path.insert(0, {str(folder)!r})\n"
    code += "sys.modules.pop('oe_lsp', None)\nfrom oe_lsp.entry import run_oe\nrun_oe()"
    env = {"PYTHONPATH": f"{folder}{os.pathsep}{tmp_path / 'site'}"}

    said = json.loads(call((sys.executable, "-c", code, "doctor", "--json"), folder, env).out)

    details = {check["name"]: check["detail"] for check in said["checks"]}
    assert details["engine"].startswith(f"loaded from {tmp_path / 'site/engine'}, not from ")
