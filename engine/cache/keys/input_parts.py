"""Makes the input parts of executions; what all items share is hashed once. Reads files."""

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
    RUN_ARG,
    RUN_ARGS,
    InputKey,
    Parts,
    UsedArgs,
    file_parts,
    item_parts,
    names_index,
    settings_parts,
    spec_parts,
    value_parts,
)
from engine.cache.keys.nesting import NestingNode, used_files
from engine.cache.keys.produced_files import ProducedFiles, files_produced, stale_files
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
from engine.scheduler.state.results import Results
from engine.scheduler.value_digest import HashOf, hash_openly

_IS_USED = re.compile(r"(?:^|\.)uses ")
_CODE_SUFFIXES = frozenset({".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json"})


class NodeParts(Struct, frozen=True):
    """The parts that depend on the node alone, and the files behind them.

    `digests` are those of the files that the engine or a worker reads: of `uses`, only code. `used_args` are the run
    args that the node receives.
    """

    parts: Parts
    files: Mapping[str, Path]
    fingerprints: Mapping[str, Fingerprint]
    with_index: bool
    digests: Mapping[Path, str]
    used_args: UsedArgs = None


class RunArgParts(Struct, frozen=True):
    """The args of the run as parts: those in every hash, and secret ones, which only count for nodes that receive them.

    `hash_of` hashes everything else that a node receives.
    """

    all_have: Parts = {}
    secret: Parts = {}
    hash_of: HashOf = hash_openly


class _Shared(Struct):
    """What the hashers of one run share: nodes are hashed once for all executions."""

    sources: Sources
    spec: dict[int, tuple[Node, Parts, bool]] = field(default_factory=dict)

    def knows(self, node: Node) -> bool:
        """Whether its keys have been hashed."""
        return id(node) in self.spec

    def spec_of(self, node: Node) -> tuple[Parts, bool]:
        """The parts of its keys, and whether one of them mentions `$index`."""
        known = self.spec.get(id(node))
        if known is None:
            # Keeping the node keeps its id() from being reused.
            known = self.spec[id(node)] = node, spec_parts(node), names_index(node)
        return known[1], known[2]


class InputHasher:
    """Makes parts for the nodes of one experience in one `directory`."""

    def __init__(
        self,
        directory: Path,
        kinds: Mapping[Kind, NodeKind],
        run_args: RunArgParts,
        memory: _Shared,
        nested_by: tuple[NestingNode, ...] = (),
    ) -> None:
        self.hash_of = run_args.hash_of
        self._secret_args = run_args.secret
        self._all_args = frozenset({*run_args.all_have, *run_args.secret})
        self._directory = directory.absolute()
        self._kinds = kinds
        self._memory = memory
        self._nested_by = nested_by
        self._shared = dict(run_args.all_have)
        for nesting in nested_by:
            self._shared.update(nesting.spec())

    def with_slow_settings(self, node: Node, given: Mapping[str, Json]) -> HasSlowSettings | None:
        """The kind of `node` if its settings must be awaited."""
        kind = self._kinds[node.kind]
        return kind if isinstance(kind, HasSlowSettings) and kind.takes_long(node, given) else None

    def node(
        self,
        node: Node,
        given: Mapping[str, Json],
        settings: Mapping[str, Json] | None = None,
        shown_given: Mapping[str, Json] | None = None,
    ) -> NodeParts:
        """The parts of `node`, whose `source` or `inputs` are `given`, with its files as they are now.

        `settings` are those of its kind, if they were awaited; `shown_given` is as much of `given` as people may see.
        """
        if settings is None:
            settings = self._kinds[node.kind].settings(node, given)
        files = self._files(node, given, is_shown=shown_given is None or shown_given == given)
        fingerprints = self._memory.sources.fingerprints.of_all(files)
        of_spec, with_index = self._memory.spec_of(node)
        used_args = self._used_args(node)
        parts = {
            **of_spec,
            **settings_parts(settings),
            **value_parts(given_name(node), given, shown_given, self.hash_of),
            **file_parts(fingerprints),
            **self._shared,
            **{name: part for name, part in self._secret_args.items() if used_args is None or name in used_args},
        }
        with_index = with_index or any(fingerprint.names_index for fingerprint in fingerprints.values())
        digests = {
            files[name]: found.digest or MISSING for name, found in fingerprints.items() if _is_read(name, files[name])
        }
        return NodeParts(parts, files, fingerprints, with_index, digests, used_args)

    def files(self, nodes: Iterable[Node]) -> set[Path]:
        """All files of these nodes, as far as they are known before the nodes run."""
        return {path for node in nodes for path in self._files(node, {}).values()}

    def changed_since(self, before: NodeParts) -> list[str]:
        """The files that changed, such as `impl t.py changed` or `impl t.py was removed`."""
        now = self._memory.sources.fingerprints.of_all(before.files)
        return [
            f"{name} {'was removed' if fingerprint.digest is None else 'changed'}"
            for name, fingerprint in now.items()
            if fingerprint.digest != before.fingerprints[name].digest
        ]

    def produced(self, node: Node, since_ns: int | None) -> ProducedFiles:
        """The declared files of `node`: all, or those changed `since_ns`."""
        return files_produced(node, self._directory, self._memory.sources.fingerprints, since_ns)

    def reloaded(self, loaded: Mapping[str, str]) -> tuple[str, ...]:
        """The changes of modules that a tool `loaded` (path from the experience to digest)."""
        now = self._memory.sources.fingerprints.of_all({name: self._directory / name for name in loaded})
        return tuple(
            f"import {name} {'is gone' if now[name].digest is None else 'changed'}"
            for name, digest in loaded.items()
            if (now[name].digest or MISSING) != digest
        )

    def stale_files(self, node: Node, products: Mapping[str, str]) -> tuple[str, ...]:
        """The changes of `products`, which an execution of `node` made."""
        return stale_files(node, self._directory, self._memory.sources.fingerprints, products)

    def _used_args(self, node: Node) -> UsedArgs:
        """The run args that `node` receives beside its own args: a tool all, a prompt those that it inserts."""
        if isinstance(node.spec, ToolSpec):
            return None
        if not self._all_args or not isinstance(node.spec, (AgentSpec, CliAgentSpec)):
            return frozenset()
        names = {part.removeprefix(RUN_ARG) for part in self._all_args}
        return frozenset(f"{RUN_ARG}{name}" for name in args_inserted(self._directory, node.spec.prompt, names))

    def _files(self, node: Node, given: Mapping[str, Json], *, is_shown: bool = True) -> dict[str, Path]:
        """The files by part name. Masks the names where people may not see all of `given`."""
        files = dict(self._kinds[node.kind].files(node, given))
        if not is_shown:
            files = {f"{name.partition(' ')[0]} {MASK}": path for name, path in files.items()}
        if node.kind is Kind.TOOL:
            for tool in tuple(files.values()):
                imported = self._memory.sources.imports.of(tool, self._directory)
                files.update((f"import {name}", path) for name, path in imported.items())
        files.update((f"uses {name}", path) for name, path in used_files(node, self._directory).items())
        for nesting in self._nested_by:
            files.update(nesting.files())
        return files


class InputHashers:
    """The hashers of one run of `root`: one for each graph, nested ones included, in its own folder.

    `secret_parts` hashes what comes from secrets; without it, secret args are not part of any hash.
    """

    def __init__(
        self, kinds: Kinds, root: Composition, sources: Sources, secret_parts: SecretParts | None = None
    ) -> None:
        self._kinds = kinds
        self._root = root
        self._secret_parts = secret_parts
        self._memory = _Shared(sources)
        self._made: WeakKeyDictionary[Results, InputHasher] = WeakKeyDictionary()
        self._ahead = root.all_nodes()

    def of(self, results: Results) -> InputHasher:
        """The hasher of the graph run whose results are `results`."""
        made = self._made.get(results)
        if made is None:
            made = self._made[results] = self._of_results(results)
        return made

    def _of_results(self, results: Results) -> InputHasher:
        args, shown = results.args, results.shown_args
        secret = {name: value for name, value in args.items() if shown is not args and shown[name] != value}
        plain = {name: value for name, value in args.items() if name not in secret}
        if self._secret_parts is None:
            return self._make(results.composition, RunArgParts(value_parts(RUN_ARGS, plain)))
        # Args that only a nested experience marks are secret from now on.
        self._secret_parts.secrets.add(secret_values(results.composition.experience, args))
        hash_of = self._secret_parts.hash
        all_have = value_parts(RUN_ARGS, plain, plain, hash_of)
        received = value_parts(RUN_ARGS, secret, shown, hash_of)
        return self._make(results.composition, RunArgParts(all_have, received, hash_of))

    def is_lasting(self, key: InputKey) -> bool:
        """Whether another process would make the same key from the same parts."""
        return not key.keyed or self._secret_parts is None or self._secret_parts.problem is None

    def prepare_ahead(self) -> bool:
        """Hash the keys of one more node, in the graph's order; False if none is left."""
        node = next((node for node in self._ahead if not self._memory.knows(node)), None)
        if node is not None:
            self._memory.spec_of(node)
        return node is not None

    def files(self) -> dict[str, str]:
        """All files of the run, by path from the outermost folder, with their hashes."""
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

    def _make(self, composition: Composition, args: RunArgParts) -> InputHasher:
        home = composition.home
        nested_by = tuple(NestingNode(Path(each.home).absolute(), each.node) for each in composition.nested_by)
        return InputHasher(Path(home), self._kinds.at(home), args, self._memory, nested_by)


def received_parts(reads: Mapping[str, Json], edges: Mapping[str, Json], hash_of: HashOf = hash_openly) -> Parts:
    """The parts that all items of a vertex share."""
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
    """Whether two executions were given the same. In Python `1 == True`; their texts differ."""
    return left == right and (not left or repr(left) == repr(right))


def _is_read(name: str, path: Path) -> bool:
    """Whether the engine or a worker reads the file of the part `name`, and not only the tool itself."""
    return not _IS_USED.search(name) or path.suffix in _CODE_SUFFIXES
