"""The files that nodes declare in `produces`, and whether they are unchanged. Reads files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from engine.cache.keys.fingerprints import Fingerprints
from engine.cache.keys.globs import matching
from engine.experience.model import Node
from engine.file_names import as_on_disk


class ProducedFiles(Struct, frozen=True):
    """The declared files that an execution made, path to hash; and the globs that match no file."""

    files: Mapping[str, str]
    unmatched: tuple[str, ...] = ()


def files_produced(node: Node, directory: Path, fingerprints: Fingerprints, since_ns: int | None) -> ProducedFiles:
    """The files that `node`, of the experience in `directory`, declares: all, or those changed `since_ns`."""
    found = matching(directory, node.produces).files
    if since_ns is not None:
        found = {name: path for name, path in found.items() if _changed_ns(path) >= since_ns}
    made = fingerprints.of_all(dict(sorted(found.items())))
    digests = {name: fingerprint.digest for name, fingerprint in made.items() if fingerprint.digest is not None}
    return ProducedFiles(digests, tuple(_unmatched(node, directory)))


def stale_files(
    node: Node, directory: Path, fingerprints: Fingerprints, products: Mapping[str, str]
) -> tuple[str, ...]:
    """Which of `products`, made by an execution of `node`, are gone or changed, or which globs match nothing."""
    now = fingerprints.of_all({name: directory / as_on_disk(name) for name in products})
    wrong = [
        f"produces {name} {'is gone' if now[name].digest is None else 'changed'}"
        for name, digest in products.items()
        if now[name].digest != digest
    ]
    return tuple(wrong or [f"produces {glob} is gone" for glob in _unmatched(node, directory)])


def _unmatched(node: Node, directory: Path) -> list[str]:
    return [glob for glob in node.produces if not matching(directory, (glob,)).files]


def _changed_ns(path: Path) -> int:
    """When the file was last written or moved there, in ns; 0 if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return max(status.st_mtime_ns, status.st_ctime_ns)
