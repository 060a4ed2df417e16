"""From a node to the parts of its executions' input hashes: what all items share is hashed once. Reads files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

from msgspec import Struct, field

from engine.cache.keys.fingerprints import Fingerprint
from engine.cache.keys.input_hash import (
    MISSING,
    InputKey,
    Parts,
    file_parts,
    item_parts,
    names_index,
    settings_parts,
    spec_parts,
    value_parts,
)
from engine.cache.keys.nesting import Around, used_files
from engine.cache.keys.produced_files import Products, products_of, spoiled
from engine.cache.keys.prompt_args import args_inserted
from engine.cache.keys.secret_parts import SecretParts
from engine.cache.keys.sources import Sources
from engine.experience.args import secret_values
from engine.experience.model import AgentSpec, CliAgentSpec, Kind, Node, ToolSpec
from engine.expressions import Json
from engine.file_names import writable
from engine.log.secrets.masking import MASK
from engine.nodes.kind import HasSlowSettings, NodeKind
from engine.nodes.registry import Kinds
from engine.scheduler.composition import Composition
from engine.scheduler.state.inputs import ItemValue, given_name
from engine.scheduler.state.results import Board
from engine.scheduler.value_digest import HashOf, hash_openly

_IS_USED = re.compile(r"(?:^|\.)uses ")
_CODE_SUFFIXES = frozenset({".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json"})

_RUN_ARGS = "runArgs"
_RUN_ARG = f"{_RUN_ARGS}."


class NodeParts(Struct, frozen=True):
    """The parts that depend on the node alone, and the files that they were read from.

    `digests` are those of the files that the engine or a worker reads itself: of what `uses` names only code is.
    """

    parts: Parts
    files: Mapping[str, Path]
    fingerprints: Mapping[str, Fingerprint]
    with_index: bool
    digests: Mapping[Path, str]


class RunArgParts(Struct, frozen=True):
    """The args of the run as parts: those of every hash, and the secret ones, which only nodes have that receive them.

    `hash_of` hashes all else that a node receives.
    """

    all_have: Parts = {}
    secret: Parts = {}
    hash_of: HashOf = hash_openly


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
    """Makes parts for the nodes of one experience in one `directory`."""

    def __init__(
        self,
        directory: Path,
        kinds: Mapping[Kind, NodeKind],
        run_args: RunArgParts,
        memory: _Memory,
        around: tuple[Around, ...] = (),
    ) -> None:
        self.hash_of = run_args.hash_of
        self._secret_args = run_args.secret
        self._directory = directory.absolute()
        self._kinds = kinds
        self._memory = memory
        self._around = around
        self._shared = dict(run_args.all_have)
        for nesting in around:
            self._shared.update(nesting.spec())

    def with_slow_settings(self, node: Node, given: Mapping[str, Json]) -> HasSlowSettings | None:
        """The kind of `node`, where its settings are to be awaited."""
        kind = self._kinds[node.kind]
        return kind if isinstance(kind, HasSlowSettings) and kind.takes_long(node, given) else None

    def node(
        self,
        node: Node,
        given: Mapping[str, Json],
        settings: Mapping[str, Json] | None = None,
        shown_given: Mapping[str, Json] | None = None,
    ) -> NodeParts:
        """The parts of `node`, which was given `given` (see Work), with its files as they are now.

        `settings` are its kind's, where they have been awaited; `shown_given` is as much of `given` as people may see.
        """
        if settings is None:
            settings = self._kinds[node.kind].settings(node, given)
        files = self._files(node, given, is_shown=shown_given is None or shown_given == given)
        fingerprints = self._memory.sources.fingerprints.of_all(files)
        of_spec, with_index = self._memory.spec_of(node)
        parts = {
            **of_spec,
            **settings_parts(settings),
            **value_parts(given_name(node), given, shown_given, self.hash_of),
            **file_parts(fingerprints),
            **self._shared,
            **self._secrets_for(node),
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

    def _secrets_for(self, node: Node) -> Parts:
        """The secret args of the run that `node` receives beside its own args: a tool all, a prompt what it inserts."""
        if not self._secret_args or isinstance(node.spec, ToolSpec):
            return self._secret_args
        if not isinstance(node.spec, (AgentSpec, CliAgentSpec)):
            return {}
        names = {part.removeprefix(_RUN_ARG): part for part in self._secret_args}
        inserted = args_inserted(self._directory, node.spec.prompt, names)
        return {names[name]: self._secret_args[names[name]] for name in names if name in inserted}

    def _files(self, node: Node, given: Mapping[str, Json], *, is_shown: bool = True) -> dict[str, Path]:
        """The files by the names of their parts. Where people may not see all of `given`, no name says it."""
        files = dict(self._kinds[node.kind].files(node, given))
        if not is_shown:
            files = {f"{name.partition(' ')[0]} {MASK}": path for name, path in files.items()}
        if node.kind is Kind.TOOL:
            for tool in tuple(files.values()):
                imported = self._memory.sources.imports.of(tool, self._directory)
                files.update((f"import {name}", path) for name, path in imported.items())
        files.update((f"uses {name}", path) for name, path in used_files(node, self._directory).items())
        for nesting in self._around:
            files.update(nesting.files())
        return files


class Keyings:
    """The keyings of one run of `root`: its own, and those of all that it nests, each in its own folder.

    `secret_parts` hashes what comes from secrets; without, secret args are no part of any hash.
    """

    def __init__(
        self, kinds: Kinds, root: Composition, sources: Sources, secret_parts: SecretParts | None = None
    ) -> None:
        self._kinds = kinds
        self._root = root
        self._secret_parts = secret_parts
        self._memory = _Memory(sources)
        self._made: WeakKeyDictionary[Board, Keying] = WeakKeyDictionary()
        self._ahead = root.all_nodes()

    def of(self, board: Board) -> Keying:
        """The keying of the nodes that run on `board`."""
        made = self._made.get(board)
        if made is None:
            made = self._made[board] = self._of_board(board)
        return made

    def _of_board(self, board: Board) -> Keying:
        args, shown = board.args, board.shown_args
        secret = {name: value for name, value in args.items() if shown is not args and shown[name] != value}
        plain = {name: value for name, value in args.items() if name not in secret}
        if self._secret_parts is None:
            return self._make(board.composition, RunArgParts(value_parts(_RUN_ARGS, plain)))
        # What only a nested experience marks is a secret from now on.
        self._secret_parts.secrets.add(secret_values(board.composition.experience, args))
        hash_of = self._secret_parts.hash
        all_have = value_parts(_RUN_ARGS, plain, plain, hash_of)
        received = value_parts(_RUN_ARGS, secret, shown, hash_of)
        return self._make(board.composition, RunArgParts(all_have, received, hash_of))

    def is_lasting(self, key: InputKey) -> bool:
        """Whether another process would make the same key of the same parts."""
        return not key.keyed or self._secret_parts is None or self._secret_parts.problem is None

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
                paths |= self._make(within, RunArgParts()).files(
                    node for node in within.experience.nodes if node.kind is not Kind.EXPERIENCE
                )
                paths |= {Path(inner.path) for inner in within.nested.values()}
            named = {writable(os.path.relpath(path, self._root.home)): path for path in paths}
            digests = {name: fingerprints.of(path).digest for name, path in sorted(named.items())}
        return {name: digest for name, digest in digests.items() if digest is not None}

    def _make(self, composition: Composition, args: RunArgParts) -> Keying:
        home = composition.home
        around = tuple(Around(Path(each.home).absolute(), each.node) for each in composition.nested_by)
        return Keying(Path(home), self._kinds.at(home), args, self._memory, around)


def received_parts(reads: Mapping[str, Json], edges: Mapping[str, Json], hash_of: HashOf = hash_openly) -> Parts:
    """The parts that all items of a vertex receive alike."""
    return {**value_parts("reads", reads, None, hash_of), **value_parts("edges", edges, None, hash_of)}


def execution_parts(
    node_parts: NodeParts,
    received: Parts,
    args: Mapping[str, Json],
    item: ItemValue | None,
    shown_args: Mapping[str, Json] | None = None,
    hash_of: HashOf = hash_openly,
) -> Parts:
    """All parts of one execution. `shown_args` is as much of its `args` as people may see."""
    of_item = item_parts(item, with_index=node_parts.with_index, hash_of=hash_of) if item is not None else {}
    return {**node_parts.parts, **received, **value_parts("args", args, shown_args, hash_of), **of_item}


def same_given(left: Mapping[str, Json], right: Mapping[str, Json]) -> bool:
    """Whether two executions were given the same. To Python `1` and `true` are equal; their texts are not."""
    return left == right and (not left or repr(left) == repr(right))


def _is_read(name: str, path: Path) -> bool:
    """Whether who executes the node reads the file that is the part `name`, and not only the tool itself."""
    return not _IS_USED.search(name) or path.suffix in _CODE_SUFFIXES
