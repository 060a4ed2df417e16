"""Offers of files and folders, where a node names one: those with an ending that fits, asked for through a port."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from engine.experience.checks.named_files import TOOL_SUFFIXES
from engine.experience.files.port import Entry
from oe_lsp.ide.completion.context import Context
from oe_lsp.ide.completion.offer import Offer, OfferKind, scalar
from oe_lsp.ide.completion.place.place import Slot

_ANY = ("",)
_ENDINGS_BY_KIND = {"tool": TOOL_SUFFIXES, "skill": (), "experience": (".yaml", ".yml")}
_ENDINGS_BY_SOURCE = {"file": (".json", ".jsonl", ".csv", ".tsv", ".parquet"), "sqlite": (".db", ".sqlite", ".sqlite3")}
_NEVER_OFFERED = frozenset({"node_modules", "__pycache__", "venv"})


def file_offers(context: Context) -> Iterator[Offer]:
    """The files and folders in the folder that the text before the cursor leads to."""
    endings = _endings(context)
    before = context.place.before
    if endings is None or before.startswith("$") or any(mark in before for mark in "\n{:"):
        return
    folder = before.rpartition("/")[0]
    start = f"{folder}/" if "/" in before else "./"
    for name in sorted(context.files.names(folder or ".")):
        if name.startswith(".") or name in _NEVER_OFFERED:
            continue
        path = posixpath.join(folder or ".", name)
        entry = context.files.entry(path)
        if entry is Entry.FOLDER:
            yield _offer(context, start + name, name, is_folder=True, goes_on=endings != ())
        elif entry is Entry.FILE and _has_ending(name, endings) and not _is_itself(context, path):
            yield _offer(context, start + name, name, is_folder=False, goes_on=False)


_TYPES_ONLY = (".d.ts", ".d.mts", ".d.cts")


def _has_ending(name: str, endings: tuple[str, ...]) -> bool:
    return name.endswith(endings) and not (endings == TOOL_SUFFIXES and name.endswith(_TYPES_ONLY))


def _offer(context: Context, path: str, name: str, *, is_folder: bool, goes_on: bool) -> Offer:
    place = context.place
    kind = OfferKind.FOLDER if is_folder else OfferKind.FILE
    text = scalar(f"{path}/" if is_folder and goes_on else path, place)
    label = f"{name}/" if is_folder else name
    rank = 1 if is_folder and goes_on else 0
    return Offer(label, kind, text, place.span, path, rank=rank, filter=path, retriggers=is_folder and goes_on)


def _endings(context: Context) -> tuple[str, ...] | None:
    """The endings of what may be named at the place: none for folders only, None where no file is named."""
    if context.place.slot is Slot.KEY or context.place.quote == "|":
        return None
    node = context.node
    if context.is_at("graph.nodes.*.impl"):
        kind = node.get("kind") if node else None
        return _ENDINGS_BY_KIND.get(str(kind.value), _ANY) if kind else _ANY
    if context.is_at("graph.nodes.*.source.uri"):
        source = node.get("source") if node else None
        type_ = source.get("type") if source else None
        return _ENDINGS_BY_SOURCE.get(str(type_.value)) if type_ else _ANY
    for pattern, endings in _BY_PATH:
        if context.is_at(pattern):
            return endings
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
