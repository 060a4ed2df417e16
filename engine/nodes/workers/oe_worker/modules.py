"""The user's modules: compiled from disk, identified by the digests of their files, kept apart by node."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from contextvars import Context
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader, SourcelessFileLoader
from itertools import takewhile
from types import ModuleType

try:
    from _sha2 import sha256  # type: ignore[import-not-found, unused-ignore] # Python 3.12; hashlib is slow to import
except ImportError:
    from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import CodeType, FrameType
    from typing import Any

    from engine.nodes.workers.oe_worker.places import Places

    Digests = Mapping[str, str]

PREFIX = "oe_tool_"
KEPT = 8
"""The number of nodes whose modules are kept: the stages of a pipeline take turns."""

INIT = "__init__.py"
SEVERAL = "several"
"""The digest of a file that was loaded in more than one version."""

MISSING = "0" * 64
"""The digest of a file that was looked for and is missing."""


class Loaded:
    """The modules of one node, whose files should have `digests`, in the state that its calls left them in.

    `versions` has the digests of the files that were compiled for it; `context` and `state` (see process_state) are
    what their top levels left.
    """

    def __init__(self, digests: Digests) -> None:
        self.digests = digests
        self.modules: dict[str, ModuleType] = {}
        self.versions: dict[str, str] = {}
        self.tool: ModuleType | None = None
        self.context: Context = Context()
        self.state: Any = None
        self.number_at_load = 0
        self.names: frozenset[str] = frozenset()
        self.is_reusable = True

    def differing(self) -> list[str]:
        """The files in the input hash that were loaded in another version, or shadowed by others."""
        differing = [file for file, digest in self.versions.items() if self.digests.get(file, digest) != digest]
        others = {_module_name(file) for file in self.unforeseen()}
        passed_over = [file for file in self.digests if others and _module_name(file) in others]
        return differing + [file for file in passed_over if file not in self.versions]

    def unforeseen(self) -> dict[str, str]:
        """The files that were loaded although the input hash does not name them, with their digests."""
        return {file: digest for file, digest in self.versions.items() if file not in self.digests}


class Modules:
    """All user modules in this process. `sys.modules` has those of one node at a time."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._codes: dict[str, tuple[str, CodeType, frozenset[str]]] = {}
        self._nodes: OrderedDict[object, Loaded] = OrderedDict()
        self._last_installed = _last_name()
        self._installed = dict(sys.modules)
        self.current = Loaded({})
        self.holds_native_code = False
        _intercept_sources(self)

    def enter(self, node: object, digests: Digests) -> Loaded:
        """Puts the modules of `node` in place: as its last call left them, if their files still have `digests`.

        Call `leave` for the node before.
        """
        known = self._nodes.pop(node, None)
        if known is None or not known.is_reusable or known.digests != digests or known.versions != _part(known):
            known = Loaded(digests)
            _look_anew(self._places)
        self._nodes[node] = known
        if len(self._nodes) > KEPT:
            self._nodes.popitem(last=False)
        self.current = known
        sys.modules.update(known.modules)
        return known

    def leave(self) -> None:
        """Takes the current node's modules out of `sys.modules`, and restores what was removed or replaced there."""
        self.current.modules = own = self.own()
        for name in own:
            del sys.modules[name]
        if sys.modules == self._installed:
            return
        sys.modules.update(self._installed)
        if len(sys.modules) != len(self._installed):
            self._installed = dict(sys.modules)
            self._last_installed = _last_name()

    def own(self) -> dict[str, ModuleType]:
        """The current node's modules by name: in `sys.modules` they follow the installed ones."""
        added = list(takewhile(lambda name: name != self._last_installed, reversed(sys.modules)))
        return {name: sys.modules[name] for name in reversed(added) if self._places.owns(sys.modules[name])}

    def load(self, file: str) -> ModuleType:
        """Loads the tool in `file`. Raises whatever its top level raises."""
        tool = self.current.tool
        if tool is None:
            name = PREFIX + os.path.splitext(os.path.basename(file))[0].replace(".", "%2E")  # noqa: PTH119, PTH122
            loader = SourceFileLoader(name, file)
            tool = _new_module(name, file, loader)
            sys.modules[name] = tool
            exec(self.code(file, loader.get_data(file), loader.source_to_code), vars(tool))  # noqa: S102 — an import
            self.current.tool = tool
        return tool

    def code(self, file: str, data: bytes, compiled: Callable[[bytes, str], CodeType]) -> CodeType:
        """The code of the user's module `file` with the content `data`, which `compiled` compiles."""
        digest = self.note(file, data)
        known = self._codes.get(file)
        if known is None or known[0] != digest:
            code = compiled(data, file)
            known = self._codes[file] = digest, code, frozenset(_names_in(code))
        self.current.names |= known[2]
        return known[1]

    def read(self, loader: SourceFileLoader | SourcelessFileLoader | ExtensionFileLoader, file: str) -> bytes:
        """Reads `file`. Raises OSError, and notes it as missing, if it has gone since it was found."""
        try:
            return loader.get_data(file)
        except OSError:
            self._note(file, MISSING)
            raise

    def note(self, file: str, data: bytes) -> str:
        """Notes that `file` was loaded with the content `data`; returns its digest."""
        digest: str = sha256(data).hexdigest()
        self._note(file, digest)
        if b"seed" in data:  # seeds must be set again for each call
            self.current.is_reusable = False
        return digest

    def _note(self, file: str, digest: str) -> None:
        versions = self.current.versions
        if versions.setdefault(file, digest) != digest:
            versions[file] = SEVERAL

    def note_missing(self, name: str, path: Sequence[str] | None) -> None:
        """Notes that a user module looked for the module `name` on `path` in vain."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and (frame.f_code.co_filename == __file__ or "importlib" in frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None or not self._places.is_own(frame.f_code.co_filename):
            return
        for entry in sys.path if path is None else path:
            stem = os.path.join(entry, name.rpartition(".")[2])  # noqa: PTH118
            for file in (os.path.join(stem, INIT), stem + ".py"):  # noqa: PTH118
                if self._places.is_own(file):
                    self._note(file, MISSING)

    def is_own(self, file: str) -> bool:
        """Tells whether `file` belongs to a user module."""
        return self._places.is_own(file)


class ToolFinder:
    """Finds the tools in `folder` by the names of their modules, for `multiprocessing`.

    The last finder to be asked: what it does not find is noted as missing.
    """

    def __init__(self, folder: str, modules: Modules) -> None:
        self._folder = folder
        self._modules = modules

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """See `importlib.abc.MetaPathFinder`."""
        if not name.startswith(PREFIX):
            self._modules.note_missing(name, path)
            return None
        file = os.path.join(self._folder, name[len(PREFIX) :].replace("%2E", ".") + ".py")  # noqa: PTH118
        return _spec(name, file, SourceFileLoader(name, file)) if os.path.isfile(file) else None  # noqa: PTH113


def _names_in(code: CodeType) -> Iterator[str]:
    """All names that `code` and the code within it use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            yield from _names_in(constant)


def _module_name(file: str) -> str:
    """The last part of the name under which `file` is imported."""
    folder, name = os.path.split(file)
    return os.path.basename(folder) if name == INIT else os.path.splitext(name)[0]  # noqa: PTH119, PTH122


def _part(known: Loaded) -> dict[str, str]:
    """What `known` would have loaded if all files had their digests."""
    return {file: known.digests.get(file, "") for file in known.versions}


def _intercept_sources(modules: Modules) -> None:
    """Makes every loader of Python files ask `modules` first, so that no stale `.pyc` is used for a user module."""
    usual, usual_bare = SourceFileLoader.get_code, SourcelessFileLoader.get_code
    usual_create = ExtensionFileLoader.create_module

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        file = self.get_filename(fullname)
        if not modules.is_own(file):
            return usual(self, fullname)
        return modules.code(file, modules.read(self, file), self.source_to_code)

    def get_bare_code(self: SourcelessFileLoader, fullname: str) -> CodeType | None:
        file = self.get_filename(fullname)
        if modules.is_own(file):
            modules.note(file, modules.read(self, file))
        return usual_bare(self, fullname)

    def create_module(self: ExtensionFileLoader, spec: ModuleSpec) -> ModuleType:
        if modules.is_own(self.path):
            modules.note(self.path, modules.read(self, self.path))
            modules.holds_native_code = True
        return usual_create(self, spec)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
    SourcelessFileLoader.get_code = get_bare_code  # type: ignore[method-assign]
    ExtensionFileLoader.create_module = create_module  # type: ignore[method-assign]


def _new_module(name: str, file: str, loader: SourceFileLoader) -> ModuleType:
    """Creates an empty module, as `importlib.util` does for `file`."""
    module = ModuleType(name)
    module.__spec__ = _spec(name, file, loader)
    module.__loader__ = loader
    module.__file__ = file
    module.__package__ = ""
    return module


def _spec(name: str, file: str, loader: SourceFileLoader) -> ModuleSpec:
    spec = ModuleSpec(name, loader, origin=file)
    spec.has_location = True
    return spec


def _look_anew(places: Places) -> None:
    """Forgets the listings of the user's folders: their times do not show changes within one tick."""
    for entry, finder in list(sys.path_importer_cache.items()):
        if finder is None:
            del sys.path_importer_cache[entry]
        elif places.is_own(entry + os.sep) and hasattr(finder, "invalidate_caches"):
            finder.invalidate_caches()


def _last_name() -> str:
    return next(reversed(sys.modules))
