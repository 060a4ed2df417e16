"""From a node to the parts of its executions' input hashes: what all items share is hashed once. Reads files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

from msgspec import Struct, field

from engine.cache.fingerprints import Fingerprint
from engine.cache.globs import matching
from engine.cache.key import (
    MISSING,
    Parts,
    file_parts,
    item_parts,
    names_index,
    settings_parts,
    spec_parts,
    value_parts,
)
from engine.cache.products import Products, products_of, spoiled
from engine.cache.sources import Sources
from engine.core.board import Board
from engine.core.composition import Composition
from engine.core.inputs import ItemValue, given_name
from engine.expressions import Json
from engine.file_names import writable
from engine.nodes.kind import LooksFirst, NodeKind
from engine.nodes.registry import Kinds
from engine.spec.args import secret_args
from engine.spec.model import Kind, Node

_IS_USED = re.compile(r"(?:^|\.)uses ")
_CODE_SUFFIXES = frozenset({".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json"})

_OF_NESTING = ("cache_key", "env")
"""What a node that nests an experience says of all that runs in it; `uses` is the third."""


class NodeParts(Struct, frozen=True):
    """The parts that depend on the node alone, and the files that they were read from.

    `digests` are those of the files that the engine or a worker reads itself: of what `uses` names only code is.
    """

    parts: Parts
    files: Mapping[str, Path]
    fingerprints: Mapping[str, Fingerprint]
    with_index: bool
    digests: Mapping[Path, str]


class _Around(Struct, frozen=True):
    """A node that nests an experience, and the folder of the one that it belongs to."""

    directory: Path
    node: Node

    def spec(self) -> dict[str, str]:
        """The parts that its keys are in all that runs within it."""
        named = {key: value for key, value in self.node.source.items() if key in _OF_NESTING}
        return value_parts(f"{self.node.id}.spec", named)

    def files(self) -> dict[str, Path]:
        """The files that it uses, by the name of their part."""
        return {f"{self.node.id}.uses {name}": path for name, path in _used(self.node, self.directory).items()}


class _Memory(Struct):
    """What the keyings of one run share: files are read, and nodes hashed, once for all executions."""

    sources: Sources
    spec: dict[int, tuple[Node, Parts, bool]] = field(default_factory=dict)

    def knows(self, node: Node) -> bool:
        """Whether its keys were hashed already."""
        return id(node) in self.spec

    def spec_of(self, node: Node) -> tuple[Parts, bool]:
        """The parts of its keys, and whether one of them names `$index`."""
        known = self.spec.get(id(node))
        if known is None:
            # The node is kept along with it, so that no other one can get its id.
            known = self.spec[id(node)] = node, spec_parts(node), names_index(node)
        return known[1], known[2]


class Keying:
    """Makes parts for the nodes of one experience in one `directory`; `run_args` are part of every hash."""

    def __init__(
        self,
        directory: Path,
        kinds: Mapping[Kind, NodeKind],
        run_args: Mapping[str, Json],
        memory: _Memory,
        around: tuple[_Around, ...] = (),
    ) -> None:
        self._directory = directory.absolute()
        self._kinds = kinds
        self._memory = memory
        self._around = around
        self._shared = value_parts("runArgs", run_args)
        for nesting in around:
            self._shared.update(nesting.spec())

    def looks_first(self, node: Node, given: Mapping[str, Json]) -> LooksFirst | None:
        """The kind of `node`, where its settings are to be awaited."""
        kind = self._kinds[node.kind]
        return kind if isinstance(kind, LooksFirst) and kind.takes_long(node, given) else None

    def node(self, node: Node, given: Mapping[str, Json], settings: Mapping[str, Json] | None = None) -> NodeParts:
        """The parts of `node`, which was given `given` (see Work), with its files as they are now.

        `settings` are its kind's, where they have been awaited.
        """
        if settings is None:
            settings = self._kinds[node.kind].settings(node, given)
        files = self._files(node, given)
        fingerprints = self._memory.sources.fingerprints.of_all(files)
        of_spec, with_index = self._memory.spec_of(node)
        parts = {
            **of_spec,
            **settings_parts(settings),
            **value_parts(given_name(node), given),
            **file_parts(fingerprints),
            **self._shared,
        }
        with_index = with_index or any(fingerprint.names_index for fingerprint in fingerprints.values())
        digests = {
            files[name]: found.digest or MISSING for name, found in fingerprints.items() if _is_read(name, files[name])
        }
        return NodeParts(parts, files, fingerprints, with_index, digests)

    def files(self, nodes: Iterable[Node]) -> set[Path]:
        """Every file that these nodes are made of, as far as that is known before they run."""
        return {path for node in nodes for path in self._files(node, {}).values()}

    def changed_since(self, before: NodeParts) -> list[str]:
        """What became of the files that are no longer what they were: `impl t.py changed`, `impl t.py was removed`."""
        now = self._memory.sources.fingerprints.of_all(before.files)
        return [
            f"{name} {'was removed' if fingerprint.digest is None else 'changed'}"
            for name, fingerprint in now.items()
            if fingerprint.digest != before.fingerprints[name].digest
        ]

    def produced(self, node: Node, since_ns: int | None) -> Products:
        """What `node` made, of that which it says it makes: all, or what changed `since_ns`."""
        return products_of(node, self._directory, self._memory.sources.fingerprints, since_ns)

    def reloaded(self, loaded: Mapping[str, str]) -> tuple[str, ...]:
        """What is different about modules that a tool `loaded`: their paths from the experience, with their digests."""
        now = self._memory.sources.fingerprints.of_all({name: self._directory / name for name in loaded})
        return tuple(
            f"import {name} {'is gone' if now[name].digest is None else 'changed'}"
            for name, digest in loaded.items()
            if (now[name].digest or MISSING) != digest
        )

    def spoiled(self, node: Node, products: Mapping[str, str]) -> tuple[str, ...]:
        """What is wrong with `products`, which an execution of `node` made, since then."""
        return spoiled(node, self._directory, self._memory.sources.fingerprints, products)

    def _files(self, node: Node, given: Mapping[str, Json]) -> dict[str, Path]:
        files = dict(self._kinds[node.kind].files(node, given))
        if node.kind is Kind.TOOL:
            for tool in tuple(files.values()):
                imported = self._memory.sources.imports.of(tool, self._directory)
                files.update((f"import {name}", path) for name, path in imported.items())
        files.update((f"uses {name}", path) for name, path in _used(node, self._directory).items())
        for nesting in self._around:
            files.update(nesting.files())
        return files


class Keyings:
    """The keyings of one run of `root`: its own, and those of all that it nests, each in its own folder.

    Secrets are no part of them: a rotated token changes no result.
    """

    def __init__(self, kinds: Kinds, root: Composition, sources: Sources) -> None:
        self._kinds = kinds
        self._root = root
        self._memory = _Memory(sources)
        self._made: WeakKeyDictionary[Board, Keying] = WeakKeyDictionary()
        self._ahead = root.all_nodes()

    def of(self, board: Board) -> Keying:
        """The keying of the nodes that run on `board`."""
        made = self._made.get(board)
        if made is None:
            secret = secret_args(board.composition.experience)
            args = {name: value for name, value in board.args.items() if name not in secret}
            made = self._made[board] = self._make(board.composition, args)
        return made

    def prepare_ahead(self) -> bool:
        """Hash what one more node is written as, in the graph's order; False where there is none left."""
        node = next((node for node in self._ahead if not self._memory.knows(node)), None)
        if node is not None:
            self._memory.spec_of(node)
        return node is not None

    def files(self) -> dict[str, str]:
        """Every file that the run is made of, by its path from the outermost folder, with its hash."""
        fingerprints = self._memory.sources.fingerprints
        paths: set[Path] = set()
        with fingerprints.moment():
            for within in self._root.walk():
                paths |= self._make(within, {}).files(
                    node for node in within.experience.nodes if node.kind is not Kind.EXPERIENCE
                )
                paths |= {Path(inner.path) for inner in within.nested.values()}
            named = {writable(os.path.relpath(path, self._root.home)): path for path in paths}
            digests = {name: fingerprints.of(path).digest for name, path in sorted(named.items())}
        return {name: digest for name, digest in digests.items() if digest is not None}

    def _make(self, composition: Composition, args: Mapping[str, Json]) -> Keying:
        home = composition.home
        around = tuple(_Around(Path(each.home).absolute(), each.node) for each in composition.nested_by)
        return Keying(Path(home), self._kinds.at(home), args, self._memory, around)


def received_parts(reads: Mapping[str, Json], edges: Mapping[str, Json]) -> Parts:
    """The parts that all items of a vertex receive alike."""
    return {**value_parts("reads", reads), **value_parts("edges", edges)}


def execution_parts(node_parts: NodeParts, received: Parts, args: Mapping[str, Json], item: ItemValue | None) -> Parts:
    """All parts of one execution."""
    of_item = item_parts(item, with_index=node_parts.with_index) if item is not None else {}
    return {**node_parts.parts, **received, **value_parts("args", args), **of_item}


def same_given(left: Mapping[str, Json], right: Mapping[str, Json]) -> bool:
    """Whether two executions were given the same. To Python `1` and `true` are equal; their texts are not."""
    return left == right and (not left or repr(left) == repr(right))


def _is_read(name: str, path: Path) -> bool:
    """Whether who executes the node reads the file that is the part `name`, and not only the tool itself."""
    return not _IS_USED.search(name) or path.suffix in _CODE_SUFFIXES


def _used(node: Node, directory: Path) -> dict[str, Path]:
    """The files that `uses` names, and links to folders; globs that match nothing are no part of anything."""
    globs = node.source.get("uses")
    if not isinstance(globs, list):
        return {}
    return matching(directory, (glob for glob in globs if isinstance(glob, str))).all
