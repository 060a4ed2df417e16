"""Finds the local modules that a tool imports, directly or not: they are part of its code. Reads files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct, field

from engine.cache.keys.fingerprints import Fingerprint, Fingerprints
from engine.cache.keys.folder_listing import Folders, Listing
from engine.cache.keys.imports.javascript_imports import COMPILED, SCANNED, SUFFIXES, javascript_imports
from engine.cache.keys.imports.python_imports import ALL_NAMES, PythonImport, python_imports
from engine.file_names import writable
from engine.unsaved_texts import unsaved

_INIT = "__init__.py"
_INSTALLED = frozenset({"node_modules", "site-packages", "dist-packages"})

_Imported = TypeVar("_Imported")


class _Home(Struct, frozen=True):
    """The folders to search for modules of a tool, in order: its own, then that of the experience."""

    folders: tuple[Path, ...]

    def holds(self, path: Path) -> bool:
        """Whether `path` is one of the experience's own files."""
        return any(path.is_relative_to(folder) for folder in self.folders) and _INSTALLED.isdisjoint(path.parts)


class _Walk(Struct):
    """One search: what it found, and all that it looked at. It holds until one of these changes."""

    home: _Home
    found: dict[Path, Fingerprint] = field(default_factory=dict)
    listings: dict[Path, Listing] = field(default_factory=dict)


class _Scanned(Generic[_Imported]):
    """Results of `scan` for sources, kept by fingerprint."""

    def __init__(self, scan: Callable[[bytes], frozenset[_Imported]]) -> None:
        self._scan = scan
        self._known: dict[Path, tuple[Fingerprint, frozenset[_Imported]]] = {}

    def of(self, file: Path, fingerprint: Fingerprint) -> frozenset[_Imported]:
        """The imports of `file`, which has this fingerprint; none if it can no longer be read."""
        known = self._known.get(file)
        if known is not None and known[0] is fingerprint:
            return known[1]
        try:
            typed = unsaved(file)
            found = self._scan(file.read_bytes() if typed is None else typed)
        except OSError:
            return frozenset()
        self._known[file] = fingerprint, found
        return found


class Imports:
    """Finds the imports of tools, and keeps them until a file or folder that it looked at changes."""

    def __init__(self, fingerprints: Fingerprints) -> None:
        self._fingerprints = fingerprints
        self._folders = Folders()
        self._python = _Scanned(python_imports)
        self._javascript = _Scanned(javascript_imports)
        self._walks: dict[tuple[Path, Path], tuple[_Walk, Mapping[str, Path]]] = {}

    def of(self, tool: Path, root: Path) -> Mapping[str, Path]:
        """The files of the modules that `tool` imports, without its own, by path from `root`.

        `root` is the folder of the tool's experience.
        """
        known = self._walks.get((tool, root))
        if known is not None and self._is_unchanged(known[0]):
            return known[1]
        walk = _Walk(_Home((tool.parent,) if tool.parent == root else (tool.parent, root)))
        self._visit(tool, walk)
        files = {writable(os.path.relpath(path, root)): path for path in sorted(walk.found) if path != tool}
        self._walks[tool, root] = walk, files
        return files

    def _is_unchanged(self, walk: _Walk) -> bool:
        return all(self._fingerprints.of(path) is fingerprint for path, fingerprint in walk.found.items()) and all(
            self._folders.list(folder) is listing for folder, listing in walk.listings.items()
        )

    def _visit(self, tool: Path, walk: _Walk) -> None:
        """A loop and not a recursion: modules may import one another as deep as they like."""
        left = [tool]
        while left:
            file = left.pop()
            if file in walk.found:
                continue
            fingerprint = self._fingerprints.of(file)
            if fingerprint.digest is None:
                continue
            walk.found[file] = fingerprint
            if file.suffix == ".py":
                for imported in self._python.of(file, fingerprint):
                    left += self._python_files(imported, file, walk)
            elif file.suffix in SCANNED:
                for path in self._javascript.of(file, fingerprint):
                    left += self._javascript_files(path, file, walk)

    def _python_files(self, imported: PythonImport, file: Path, walk: _Walk) -> Iterator[Path]:
        """The files that an import in `file` runs: those of packages on the way, and of submodules that it names."""
        folders = walk.home.folders if imported.level == 0 else (_up(file.parent, imported.level - 1),)
        folders = tuple(folder for folder in folders if walk.home.holds(folder))
        if imported.level and not imported.module and folders:
            yield from self._init_of(folders[0], walk)
        yield from self._module(imported.module, folders, walk)
        for name in imported.names:
            yield from self._module((*imported.module, name), folders, walk)

    def _module(self, parts: tuple[str, ...], folders: tuple[Path, ...], walk: _Walk) -> Iterator[Path]:
        """Search `folders` as Python does: in each a package, then a module; last, folders without `__init__`."""
        if not parts:
            return
        name, rest = parts[0], parts[1:]
        if name == ALL_NAMES:
            yield from (
                folder / entry for folder in folders for entry in self._look(folder, walk) if entry.endswith(".py")
            )
            return
        bare: list[Path] = []
        for folder in folders:
            entries = self._look(folder, walk)
            if entries.get(name):
                inits = tuple(self._init_of(folder / name, walk))
                if inits:
                    yield from inits
                    yield from self._module(rest, (folder / name,), walk)
                    return
                bare.append(folder / name)
            if entries.get(f"{name}.py") is False:
                yield folder / f"{name}.py"
                return
        if bare:
            yield from self._module(rest, tuple(bare), walk)

    def _init_of(self, package: Path, walk: _Walk) -> Iterator[Path]:
        if self._look(package, walk).get(_INIT) is False:
            yield package / _INIT

    def _javascript_files(self, path: str, file: Path, walk: _Walk) -> Iterator[Path]:
        """The file that `path` in `file` refers to: itself, with a suffix, or the index of a folder.

        A TypeScript source may be imported by the name of its compiled file.
        """
        folder = _where_node_looks(file, walk.home)
        meant = Path(os.path.normpath(folder / path))
        if not walk.home.holds(meant) and not (folder != file.parent and meant.is_relative_to(folder)):
            return
        entries = self._look(meant.parent, walk)
        compiled = COMPILED.get(meant.suffix, meant.suffix)
        names = (meant.name, *(meant.name + suffix for suffix in SUFFIXES), meant.stem + compiled)
        found = next((meant.parent / name for name in names if entries.get(name) is False), None)
        if found is None and entries.get(meant.name):
            inside = self._look(meant, walk)
            found = next((meant / f"index{end}" for end in SUFFIXES if inside.get(f"index{end}") is False), None)
        if found is not None:
            yield found

    def _look(self, folder: Path, walk: _Walk) -> Listing:
        if folder not in walk.listings:
            walk.listings[folder] = self._folders.list(folder)
        return walk.listings[folder]


def _where_node_looks(file: Path, home: _Home) -> Path:
    """The folder that relative imports in `file` start from: if it is a link, that of its target.

    As a path below the experience's folder if it is inside, whatever links lead to that folder.
    """
    real, root = os.path.realpath(file.parent / file.name), home.folders[-1]
    inside = os.path.relpath(real, os.path.realpath(root))
    return (Path(real) if Path(inside).parts[:1] == (os.pardir,) else root / inside).parent


def _up(folder: Path, levels: int) -> Path:
    for _ in range(levels):
        folder = folder.parent
    return folder
