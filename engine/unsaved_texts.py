"""Texts that an editor has not saved yet, read in place of the files on disk: a plan is about what is typed.

A run never reads them: only what is on disk can run.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from types import MappingProxyType

_texts: ContextVar[Mapping[str, bytes]] = ContextVar("_texts", default=MappingProxyType({}))


@contextlib.contextmanager
def unsaved_texts(texts: Mapping[str, bytes]) -> Iterator[None]:
    """Within this context, the files at these absolute paths have these contents, if they exist."""
    token = _texts.set(texts)
    try:
        yield
    finally:
        _texts.reset(token)


def unsaved(path: str | os.PathLike[str]) -> bytes | None:
    """The unsaved content of the file at an absolute path; None where the file on disk counts."""
    texts = _texts.get()
    return texts.get(os.path.normpath(path)) if texts else None
