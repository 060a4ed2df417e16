"""From a node to the parts of its executions' input hashes: what all items share is hashed once. Reads files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from weakref import WeakKeyDictionary

from engine.cache.fingerprints import Fingerprint, Fingerprints
from engine.cache.key import Parts, file_parts, item_parts, names_index, spec_parts, value_parts
from engine.core.board import Board
from engine.core.composition import Composition
from engine.core.inputs import ItemValue, given_name
from engine.expressions import Json
from engine.nodes.kind import NodeKind
from engine.nodes.registry import Kinds
from engine.spec.args import secret_args
from engine.spec.model import Kind, Node


@dataclass(frozen=True, slots=True)
class NodeParts:
    """The parts that depend on the node alone, and the files that they were read from."""

    parts: Parts
    files: Mapping[str, Path]
    fingerprints: Mapping[str, Fingerprint]
    with_index: bool


class Keying:
    """Makes parts for the nodes of one experience in one `directory`; `run_args` are part of every hash."""

    def __init__(
        self,
        directory: Path,
        kinds: Mapping[Kind, NodeKind],
        run_args: Mapping[str, Json],
        fingerprints: Fingerprints,
    ) -> None:
        self._directory = directory
        self._kinds = kinds
        self._run_args = value_parts("runArgs", run_args)
        self._fingerprints = fingerprints

    def node(self, node: Node, given: Mapping[str, Json]) -> NodeParts:
        """The parts of `node`, which was given `given` (see Work), with its files as they are now."""
        files = self._files(node, given)
        fingerprints = self._fingerprints.of_all(files)
        parts = {
            **spec_parts(node, self._kinds[node.kind].settings(node, given)),
            **value_parts(given_name(node), given),
            **file_parts(fingerprints),
            **self._run_args,
        }
        return NodeParts(parts, files, fingerprints, names_index(node, fingerprints))

    def files(self, nodes: Iterable[Node]) -> set[Path]:
        """Every file that these nodes are made of, as far as that is known before they run."""
        return {path for node in nodes for path in self._files(node, {}).values()}

    def changed_since(self, before: NodeParts) -> list[str]:
        """The parts whose files are no longer what they were."""
        now = self._fingerprints.of_all(before.files)
        return [name for name, fingerprint in now.items() if fingerprint.digest != before.fingerprints[name].digest]

    def _files(self, node: Node, given: Mapping[str, Json]) -> dict[str, Path]:
        return {**self._kinds[node.kind].files(node, given), **_used_files(node, self._directory)}


class Keyings:
    """The keyings of one run: the outermost experience's and those of all that it nests, each in its own folder.

    Secrets are no part of them: a rotated token changes no result.
    """

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._fingerprints = Fingerprints()
        self._made: WeakKeyDictionary[Board, Keying] = WeakKeyDictionary()

    def of(self, board: Board) -> Keying:
        """The keying of the nodes that run on `board`."""
        made = self._made.get(board)
        if made is None:
            secret = secret_args(board.composition.experience)
            args = {name: value for name, value in board.args.items() if name not in secret}
            made = self._made[board] = self._make(board.composition, args)
        return made

    def files(self, composition: Composition) -> dict[str, str]:
        """Every file that the composition is made of, by its path from the outermost folder, with its hash."""
        root = composition.home
        paths: set[Path] = set()
        for within in composition.walk():
            paths |= self._make(within, {}).files(
                node for node in within.experience.nodes if node.id not in within.nested
            )
            paths |= {Path(inner.path) for inner in within.nested.values()}
        named = {Path(os.path.relpath(path, root)).as_posix(): path for path in paths}
        digests = {name: self._fingerprints.of(path).digest for name, path in sorted(named.items())}
        return {name: digest for name, digest in digests.items() if digest is not None}

    def _make(self, composition: Composition, args: Mapping[str, Json]) -> Keying:
        home = Path(composition.home)
        return Keying(home, self._kinds.at(home), args, self._fingerprints)


def _used_files(node: Node, directory: Path) -> dict[str, Path]:
    """The files that `uses` names by glob, inside the folder; those that match nothing are no part of anything."""
    globs = node.source.get("uses")
    if not isinstance(globs, list):
        return {}
    inside = [PurePosixPath(glob) for glob in globs if isinstance(glob, str) and glob]
    allowed = [glob for glob in inside if not glob.is_absolute() and ".." not in glob.parts]
    found = {path for glob in allowed for path in directory.glob(str(glob)) if path.is_file()}
    return {f"uses {path.relative_to(directory).as_posix()}": path for path in sorted(found)}


def received_parts(reads: Mapping[str, Json], edges: Mapping[str, Json]) -> Parts:
    """The parts that all items of a vertex receive alike."""
    return {**value_parts("reads", reads), **value_parts("edges", edges)}


def execution_parts(node_parts: NodeParts, received: Parts, args: Mapping[str, Json], item: ItemValue | None) -> Parts:
    """All parts of one execution."""
    of_item = item_parts(item, with_index=node_parts.with_index) if item is not None else {}
    return {**node_parts.parts, **received, **value_parts("args", args), **of_item}
