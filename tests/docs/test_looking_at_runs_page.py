"""docs/looking-at-runs.md: its commands work, its pictures are there and small, and the keys are those of the page."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from engine.cli.commands.inspect import command as inspect
from engine.report.page.tools import KEYS
from tests.support.commands import OE, call
from tests.support.worlds import World

PAGE = Path(__file__).parents[2] / "docs" / "looking-at-runs.md"
TEXT = PAGE.read_text(encoding="utf-8")
MOST_BYTES = 150_000


def commands() -> Iterator[list[str]]:
    """The arguments of each command of the page."""
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL):
        for line in block.splitlines():
            program, *arguments = shlex.split(line, comments=True)
            assert program == "oe"
            yield arguments


@pytest.fixture
async def ran(tmp_path: Path) -> tuple[Path, str]:
    """A folder with two runs, and the id of the first."""
    world = World(tmp_path)
    world.chain()
    first = await world.run()
    await world.resume()
    return tmp_path, first.run_id


def test_every_command_of_the_page_works(ran: tuple[Path, str]) -> None:
    folder, run_id = ran

    for arguments in commands():
        if "--serve" not in arguments:
            done = call([*OE, *(run_id if word == "4f3a" else word for word in arguments)], folder)
            assert done.code == 0, (arguments, done.err)

    assert (folder / "run.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (folder / "diff.html").exists()


def test_the_options_that_serve_exist() -> None:
    served = [arguments for arguments in commands() if "--serve" in arguments]

    for name, *arguments in served:
        assert name == "inspect"
        inspect.make_parser(click.Context(inspect)).parse_args(arguments)
    assert len(served) == 2


def test_the_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", TEXT)

    assert len(pictures) == 5
    for _, path in pictures:
        assert (PAGE.parent / path).stat().st_size < MOST_BYTES


def test_the_keys_that_it_names_are_keys_of_the_page() -> None:
    known = {key for keys, _ in KEYS for key in keys.split()}

    named = re.search(r"`(.)` finds one, `(.)` goes to the next that failed, `(.)` shows all keys", TEXT)

    assert named is not None
    assert set(named.groups()) <= known


def test_the_commands_of_vs_code_exist() -> None:
    extension = json.loads((PAGE.parents[1] / "vscode-client/package.json").read_text(encoding="utf-8"))["contributes"]
    views = extension["viewsContainers"]["activitybar"]
    titles = {each["title"] for each in (*extension["commands"], *views)}
    lines = [line for line in TEXT.splitlines() if line.startswith("* **VS Code")]

    named = set(re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", " ".join(line.replace("**", "") for line in lines)))

    assert len(named) == 4
    assert named <= titles
