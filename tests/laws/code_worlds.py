"""Tools and modules whose results say which versions of which files were executed; and edits of those files.

All versions of a file are of one size and written over one another, so that whoever reads one while another is
written, the tools of a story among them, never takes half a file for a version and puts that back.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

PYTHON_TOOL = """
import json, os
from h0 import told
VERSION, CALLS = {version}, 0
def run(given):
    global CALLS
    CALLS += 1
    seen = {{FILE: [VERSION, CALLS]}}
    before = [[path, text(path), True] for path, _, _ in given["edits"]]
    for each in given["edits"]:
        edit(*each)
    told(seen)
    for name in ("late", "plug" + "in", "spaces.inner"):
        try:
            __import__(name)
            __import__("importlib").import_module(name).told(seen)
        except ImportError:
            seen[name] = None
    for each in before if given["undo"] else ():
        edit(*each)
    return {{"edge_output": seen}}
def text(path):
    return open(path).read() if os.path.exists(path) else None
def edit(path, text, keeps_time):
    before = os.stat(path) if os.path.exists(path) else None
    if text is None:
        if before:
            os.remove(path)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    replaced = path if before else f"{{path}}.{{os.getpid()}}"
    with open(replaced, "r+" if before else "w") as file:
        file.write(text)
    os.rename(replaced, path)
    if keeps_time and before:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
"""

PYTHON_MODULE = """
{imports}
VERSION, CALLS = {version}, 0
def told(seen):
    global CALLS
    CALLS += 1
    seen[FILE] = [VERSION, CALLS]
    for each in ({imported}):
        each.told(seen)
"""

NODE_TOOL = """
import fs from 'node:fs';
import path from 'node:path';
import {{ createRequire }} from 'node:module';
import {{ told }} from './k0.mjs';
const require = createRequire(import.meta.url);
const VERSION = {version};
let calls = 0;
export default async ({{ edits, undo }}) => {{
  const seen = {{ [FILE]: [VERSION, (calls += 1)] }};
  const before = edits.map(([file]) => [file, fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null, true]);
  for (const each of edits) edit(...each);
  told(seen);
  const late = 'dyn' + 'amic.mjs';
  try {{ (await import(`./${{late}}`)).told(seen); }} catch (error) {{ seen[late] = null; }}
  try {{ require('./common.cjs').told(seen); }} catch (error) {{ seen.common = null; }}
  for (const each of undo ? before : []) edit(...each);
  return {{ edge_output: seen }};
}};
function edit(file, text, keepsTime) {{
  const before = fs.existsSync(file) ? fs.statSync(file) : null;
  if (text === null) return fs.rmSync(file, {{ force: true }});
  fs.mkdirSync(path.dirname(file), {{ recursive: true }});
  const replaced = before ? file : `${{file}}.${{process.pid}}`;
  fs.writeFileSync(replaced, text, {{ flag: before ? 'r+' : 'w' }});
  fs.renameSync(replaced, file);
  if (keepsTime && before) fs.utimesSync(file, before.atimeMs / 1000, before.mtimeMs / 1000);
}}
"""

NODE_MODULE = """
{imports}
const VERSION = {version};
let calls = 0;
export const told = (seen) => {{
  seen[FILE] = [VERSION, (calls += 1)];
  for (const each of [{imported}]) each(seen);
}};
"""

COMMON_MODULE = """
{imports}
const VERSION = {version};
let calls = 0;
exports.told = (seen) => {{
  seen[FILE] = [VERSION, (calls += 1)];
  for (const each of [{imported}]) each(seen);
}};
"""

PYTHON_FILES: Mapping[str, tuple[str, ...]] = {
    "tools/p0.py": (),
    "tools/p1.py": (),
    "tools/h0.py": ("h1", "package.part"),
    "tools/h1.py": ("deep",),
    "tools/h1/__init__.py": (),  # in front of h1.py, as soon as it is there
    "deep.py": (),
    "tools/deep.py": (),  # in front of the one above
    "package/__init__.py": (),
    "package/part.py": (),
    "tools/late.py": (),
    "tools/plugin.py": (),
    "spaces/inner.py": (),
}
"""Each file with the modules that it imports at its top."""

NODE_FILES: Mapping[str, tuple[str, ...]] = {
    "tools/j0.mjs": (),
    "tools/j1.mjs": (),
    "tools/k0.mjs": ("./k1.mjs",),
    "tools/k1.mjs": ("./k2.mjs",),
    "tools/k2.mjs": (),
    "tools/dynamic.mjs": ("./k2.mjs",),
    "tools/common.cjs": ("./shared",),
    "tools/shared.js": (),
    "tools/shared/index.js": (),  # what `./shared` means once shared.js is gone
}

ALL_FILES = (*PYTHON_FILES, *NODE_FILES)
AT_FIRST = frozenset(ALL_FILES) - {
    "tools/h1/__init__.py",
    "tools/deep.py",
    "tools/plugin.py",
    "tools/shared/index.js",
}
VERSIONS = 2


def text_of(path: str, version: int) -> str:
    """A version of a file: of the same size as all others."""
    name = f"FILE = {path!r}\n" if path.endswith(".py") else f"const FILE = '{path}';\n"
    if path.endswith(".py"):
        imported = PYTHON_FILES[path]
        imports = "\n".join(f"import {module}" for module in imported)
        template, told = (PYTHON_TOOL if path in TOOLS else PYTHON_MODULE), "".join(f"{each}, " for each in imported)
    elif path.endswith(".mjs"):
        imported = NODE_FILES[path]
        imports = "\n".join(f"import {{ told as t{at} }} from '{each}';" for at, each in enumerate(imported))
        template = NODE_TOOL if path in TOOLS else NODE_MODULE
        told = ", ".join(f"t{at}" for at in range(len(imported)))
    else:
        imported = NODE_FILES[path]
        imports = ""
        template, told = COMMON_MODULE, ", ".join(f"require('{each}').told" for each in imported)
    text = template.format(version=version, imports=imports, imported=told)
    return text.lstrip("\n") + name if path.endswith(".py") else name + text


TOOLS = ("tools/p0.py", "tools/p1.py", "tools/j0.mjs", "tools/j1.mjs")


@dataclass(frozen=True, slots=True)
class Edit:
    """Write a version of `path`, or delete it. `keeps_time`: the time of its last change is set back."""

    path: str
    version: int | None
    keeps_time: bool = False

    @property
    def text(self) -> str | None:
        """What the file holds afterwards."""
        return None if self.version is None else text_of(self.path, self.version)

    def make(self, folder: Path) -> None:
        """Do it."""
        file = folder / self.path
        before = file.stat() if file.exists() else None
        if self.text is None:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        replaced = file if before else file.with_name(f"{file.name}.edit")
        with replaced.open("r+" if before else "w") as stream:
            stream.write(self.text)
        replaced.rename(file)
        if before is not None and self.keeps_time:
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@dataclass(frozen=True, slots=True)
class Step:
    """A node: its tool, the ids of those that it comes after, and the edits that the tool itself makes.

    They come before some of its imports; `undo`: before it ends, the files are put back as they were.
    """

    id: str
    tool: str
    after: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    undo: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """A run: its nodes, how many at once, and the edits that somebody makes when its log has so many lines."""

    steps: tuple[Step, ...]
    concurrency: int
    edits: tuple[tuple[int, Edit], ...]

    def write(self, folder: Path) -> None:
        """Write its files."""
        for path in AT_FIRST:
            Edit(path, 0).make(folder)
        nodes, edges = [], []
        for step in self.steps:
            edits = [[edit.path, edit.text, edit.keeps_time] for edit in step.edits]
            nodes.append(
                {"id": step.id, "kind": "tool", "impl": step.tool, "args": {"edits": edits, "undo": step.undo}}
            )
            edges += [{"from": before, "to": step.id} for before in step.after]
        document = {
            "name": "law",
            "version": "1.0.0",
            "state": {"schema": {}},
            "graph": {"nodes": nodes, "edges": edges},
        }
        (folder / "experience.yaml").write_text(json.dumps(document))  # which is YAML, too

    def tool_of(self, node_id: str) -> str:
        """The tool of a node."""
        return next(step.tool for step in self.steps if step.id == node_id)


def digest(text: str) -> str:
    """As the input hash has it."""
    return hashlib.sha256(text.encode()).hexdigest()


ARCHIVE = {
    (path, digest(text)): text for path in ALL_FILES for text in (text_of(path, version) for version in range(VERSIONS))
}
"""Every text that a file can hold."""


@st.composite
def edits(draw: st.DrawFn, files: tuple[str, ...]) -> Edit:
    """An edit of one of `files`; few versions, so that some are come back to."""
    path = draw(st.sampled_from(files))
    version = draw(st.sampled_from((0, 1, 1, None)))
    if path in TOOLS and version is None:
        version = 1
    return Edit(path, version, draw(st.booleans()))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Random graphs of tools of one language, with random edits at random moments."""
    files, tools = draw(st.sampled_from(((tuple(PYTHON_FILES), TOOLS[:2]), (tuple(NODE_FILES), TOOLS[2:]))))
    steps: list[Step] = []
    for number in range(draw(st.integers(2, 4))):
        before = [step.id for step in steps]
        after = draw(st.lists(st.sampled_from(before), unique=True, max_size=2)) if before else []
        made = draw(st.lists(edits(files), max_size=3))
        steps.append(Step(f"n{number}", draw(st.sampled_from(tools)), tuple(after), tuple(made), draw(st.booleans())))
    moments = st.tuples(st.integers(1, 2 + 2 * len(steps)), edits(files))
    return Story(tuple(steps), draw(st.integers(1, 4)), tuple(draw(st.lists(moments, max_size=4))))
