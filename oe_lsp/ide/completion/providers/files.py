"""Offers files and folders with a suitable extension, where a node names one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from engine.experience.checks.named_files import TOOL_SUFFIXES
from engine.experience.files.port import Entry
from oe_lsp.ide.completion.context import Context
from oe_lsp.ide.completion.offer import Offer, OfferKind, scalar
from oe_lsp.ide.completion.place.place import Slot

_ANY = ("",)
_SUFFIXES_BY_KIND = {"tool": TOOL_SUFFIXES, "skill": (), "experience": (".yaml", ".yml")}
_SUFFIXES_BY_SOURCE = {
    "file": (".json", ".jsonl", ".csv", ".tsv", ".parquet"),
    "sqlite": (".db", ".sqlite", ".sqlite3"),
}
_IGNORED = frozenset({"node_modules", "__pycache__", "venv"})


def file_offers(context: Context) -> Iterator[Offer]:
    """Yield the files and folders in the folder that the text before the cursor leads to."""
    suffixes = _suffixes(context)
    before = context.place.before
    if suffixes is None or before.startswith("$") or any(mark in before for mark in "\n{:"):
        return
    folder = before.rpartition("/")[0]
    start = f"{folder}/" if "/" in before else "./"
    for name in sorted(context.files.names(folder or ".")):
        if name.startswith(".") or name in _IGNORED:
            continue
        path = posixpath.join(folder or ".", name)
        entry = context.files.entry(path)
        if entry is Entry.FOLDER:
            yield _offer(context, start + name, name, is_folder=True, retriggers=suffixes != ())
        elif entry is Entry.FILE and _has_suffix(name, suffixes) and not _is_itself(context, path):
            yield _offer(context, start + name, name, is_folder=False, retriggers=False)


_DECLARATION_FILES = (".d.ts", ".d.mts", ".d.cts")


def _has_suffix(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.endswith(suffixes) and not (suffixes == TOOL_SUFFIXES and name.endswith(_DECLARATION_FILES))


def _offer(context: Context, path: str, name: str, *, is_folder: bool, retriggers: bool) -> Offer:
    place = context.place
    kind = OfferKind.FOLDER if is_folder else OfferKind.FILE
    text = scalar(f"{path}/" if retriggers else path, place)
    label = f"{name}/" if is_folder else name
    rank = 1 if retriggers else 0
    return Offer(label, kind, text, place.span, path, rank=rank, filter=path, retriggers=retriggers)


def _suffixes(context: Context) -> tuple[str, ...] | None:
    """Return the extensions allowed at the place: empty for folders only, None where no file is expected."""
    if context.place.slot is Slot.KEY or context.place.quote == "|":
        return None
    node = context.node
    if context.is_at("graph.nodes.*.impl"):
        kind = node.get("kind") if node else None
        return _SUFFIXES_BY_KIND.get(str(kind.value), _ANY) if kind else _ANY
    if context.is_at("graph.nodes.*.source.uri"):
        source = node.get("source") if node else None
        type_ = source.get("type") if source else None
        return _SUFFIXES_BY_SOURCE.get(str(type_.value)) if type_ else _ANY
    for pattern, suffixes in _BY_PATH:
        if context.is_at(pattern):
            return suffixes
    return None


_BY_PATH: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("graph.nodes.*.prompt", (".md", ".txt")),
    ("graph.nodes.*.schema", (".json",)),
    ("graph.nodes.*.workdir", ()),
    ("graph.nodes.*.uses.*", _ANY),
    ("graph.nodes.*.produces.*", _ANY),
)


def _is_itself(context: Context, path: str) -> bool:
    return posixpath.normpath(path) == context.snapshot.uri.rpartition("/")[2]
