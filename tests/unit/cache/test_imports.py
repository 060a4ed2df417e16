"""The local modules that a tool imports."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from engine.cache.keys.fingerprints import Fingerprints
from engine.cache.keys.imports.local_modules import Imports


class Folder:
    """An experience's folder with sources in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.imports = Imports(Fingerprints())

    def write(self, name: str, text: str = "") -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))

    def imported(self, tool: str) -> list[str]:
        return list(self.imports.of(self.path / tool, self.path))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_modules_are_followed_wherever_they_lead_and_round_in_circles(folder: Folder) -> None:
    folder.write("tool.py", "import one")
    folder.write("one.py", "from two import x")
    folder.write("two.py", "import one, tool")
    folder.write("unrelated.py")

    assert folder.imported("tool.py") == ["one.py", "two.py"]


@pytest.mark.parametrize(
    "source",
    [
        "def run(input):\n    import lib",
        "if False:\n    import lib",
        "try:\n    import lib\nexcept ImportError:\n    pass",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from lib import x",
        "import importlib\nlib = importlib.import_module('lib')",
        "from importlib import import_module\nlib = import_module('lib')",
        "lib = __import__('lib')",
        "import json as j, lib as l",
        "from lib import (\n    a,\n    b,\n)",
        "x = '\\d'\nimport lib",
    ],
)
def test_every_way_to_import_a_module_counts(folder: Folder, source: str) -> None:
    folder.write("tool.py", source)
    folder.write("lib.py")

    assert folder.imported("tool.py") == ["lib.py"]


@pytest.mark.parametrize(
    "line", ["import lib", "from lib import x", "    from lib import (x, y)", "import os, lib as l"]
)
def test_a_source_that_this_python_cannot_parse_is_read_line_by_line(folder: Folder, line: str) -> None:
    folder.write("tool.py", f"def newer than python\n{line}\n")
    folder.write("lib.py")

    assert folder.imported("tool.py") == ["lib.py"]


def test_a_package_counts_with_all_that_is_run_on_the_way_to_a_module(folder: Folder) -> None:
    folder.write("tool.py", "from lib.deep import module")
    for name in ("lib/__init__.py", "lib/deep/__init__.py", "lib/deep/module.py", "lib/deep/other.py"):
        folder.write(name)

    assert folder.imported("tool.py") == ["lib/__init__.py", "lib/deep/__init__.py", "lib/deep/module.py"]


def test_relative_imports_lead_through_the_package(folder: Folder) -> None:
    folder.write("tool.py", "import lib.deep.module")
    folder.write("lib/__init__.py")
    folder.write("lib/deep/__init__.py")
    folder.write("lib/deep/module.py", "from . import beside\nfrom ..above import x\nfrom .. import top")
    for name in ("lib/deep/beside.py", "lib/above.py", "lib/top.py", "above.py", "beside.py"):
        folder.write(name)

    found = folder.imported("tool.py")

    assert {"lib/deep/beside.py", "lib/above.py", "lib/top.py"} <= set(found)
    assert {"above.py", "beside.py"}.isdisjoint(found)


def test_a_star_takes_every_module_of_the_package(folder: Folder) -> None:
    folder.write("tool.py", "from lib import *")
    for name in ("lib/__init__.py", "lib/a.py", "lib/b.py"):
        folder.write(name)

    assert folder.imported("tool.py") == ["lib/__init__.py", "lib/a.py", "lib/b.py"]


def test_folders_without_init_are_packages_too(folder: Folder) -> None:
    folder.write("tools/tool.py", "import lib.a, lib.b")
    folder.write("tools/lib/a.py")
    folder.write("lib/b.py")

    assert folder.imported("tools/tool.py") == ["lib/b.py", "tools/lib/a.py"]


def test_the_tools_folder_is_searched_before_the_experiences(folder: Folder) -> None:
    folder.write("tools/tool.py", "import lib, shared")
    for name in ("tools/lib.py", "lib.py", "shared.py"):
        folder.write(name)

    assert folder.imported("tools/tool.py") == ["shared.py", "tools/lib.py"]


def test_nothing_outside_the_folder_and_nothing_installed_counts(folder: Folder, tmp_path: Path) -> None:
    inner = Folder(tmp_path / "inner")
    folder.write("outside.py")
    inner.write("lib/__init__.py", "from ... import outside")
    inner.write("tool.py", "import lib, yaml, outside")

    assert inner.imported("tool.py") == ["lib/__init__.py"]


@pytest.mark.parametrize(
    "source",
    [
        "import x from './lib/a.mjs'",
        "import './lib/a.mjs'",
        "import {\n  x,\n  y,\n} from './lib/a.mjs';",
        "export * from './lib/a.mjs'",
        "const a = await import('./lib/a.mjs')",
        "const a = await import(/* why */ `./lib/a.mjs`)",
        "import x from './lib/../lib/a.mjs?v=1'",
        "import x from './lib/%61.mjs'",
        "const a = require('./lib/a.mjs')",
        "import type { T } from 'elsewhere'; import x, { type U } from './lib/a.mjs'",
        "import a = require('./lib/a.mjs')",
        "export { a as default } from './lib/a.mjs'",
        "export type { T } from './lib/a.mjs'",
    ],
)
def test_every_way_to_import_javascript_by_a_relative_path_counts(folder: Folder, source: str) -> None:
    folder.write("tool.mjs", f"import fs from 'node:fs'\n{source}\n")
    folder.write("lib/a.mjs", "import data from '../data.json' with { type: 'json' }")
    folder.write("data.json", "{}")

    assert folder.imported("tool.mjs") == ["data.json", "lib/a.mjs"]


@pytest.mark.parametrize("tool", ["tool.mjs", "tool.js", "tool.cjs", "tool.ts", "tool.mts", "tool.cts"])
def test_tools_of_every_suffix_are_searched_and_what_they_import_in_turn(folder: Folder, tool: str) -> None:
    folder.write(tool, "import { a } from './lib/a.ts'")
    folder.write("lib/a.ts", "import b = require('./b.cts'); export const a = b")
    folder.write("lib/b.cts", "const c = require('./c'); module.exports = c")
    folder.write("lib/c.cjs")

    assert folder.imported(tool) == ["lib/a.ts", "lib/b.cts", "lib/c.cjs"]


def test_typescript_may_be_named_as_what_it_is_compiled_to(folder: Folder) -> None:
    folder.write("tool.ts", "import './a.js'; import './b.mjs'; import './c.cjs'; import './d.js'")
    for name in ("a.ts", "b.mts", "c.cts", "d.js", "d.ts"):
        folder.write(name)

    assert folder.imported("tool.ts") == ["a.ts", "b.mts", "c.cts", "d.js"]


def test_require_finds_files_without_suffix_and_the_index_of_folders(folder: Folder) -> None:
    folder.write("tool.js", "const a = require('./a'); const lib = require('./lib')")
    folder.write("a.cjs")
    folder.write("lib/index.js")

    assert folder.imported("tool.js") == ["a.cjs", "lib/index.js"]


def test_a_change_of_what_is_imported_is_seen_at_once(folder: Folder) -> None:
    folder.write("tool.py", "import one")
    folder.write("one.py")
    assert folder.imported("tool.py") == ["one.py"]

    folder.write("one.py", "import two")
    assert folder.imported("tool.py") == ["one.py"]

    folder.write("two.py")
    assert folder.imported("tool.py") == ["one.py", "two.py"]

    folder.write("two/__init__.py")
    assert folder.imported("tool.py") == ["one.py", "two/__init__.py"]
