"""`file:` URIs to paths, and back."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlsplit

from pygls.uris import from_fs_path, to_fs_path


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI; None for any other URI."""
    path = to_fs_path(uri) if sys.platform == "win32" else _posix_path(uri)
    return Path(path) if path else None


def uri_of(path: Path) -> str:
    """The URI of a path, with every byte escaped that is not an unreserved character."""
    if sys.platform == "win32":
        return str(from_fs_path(str(path)))
    return "file://" + quote(os.fsencode(path))


def uri_beside(uri: str, path: str) -> str:
    """The URI of `path`, relative to the folder of the document at `uri`."""
    own = path_of(uri)
    return uri_of(own.parent / path) if own else path


def _posix_path(uri: str) -> str | None:
    """Like pygls's `to_fs_path`, which loses bytes that are not UTF-8 and cuts a path at `;`."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    path = os.fsdecode(unquote_to_bytes(parts.path))
    return f"//{parts.netloc}{path}" if parts.netloc and path else path
