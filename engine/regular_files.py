"""Opens files that somebody named: regular ones only, since reading a pipe or a device may never end."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextvars import ContextVar
from io import BufferedReader, FileIO
from pathlib import Path
from typing import IO

from engine.unsaved_texts import unsaved

_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_BINARY", "O_NONBLOCK"))
"""O_NONBLOCK: a pipe that has taken the file's place since the check must not block the opening."""

_noted: ContextVar[dict[str, str] | None] = ContextVar("_noted", default=None)


@contextlib.contextmanager
def noting_reads() -> Iterator[dict[str, str]]:
    """Yields the SHA-256 digests of the files that are read meanwhile, by path, of the bytes that were used."""
    noted: dict[str, str] = {}
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


@contextlib.contextmanager
def open_noted(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file to read it once, from start to end, and note its digest. Raises OSError."""
    import hashlib

    digest = hashlib.sha256()

    class Hashing(FileIO):
        def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
            count = super().readinto(buffer)
            digest.update(memoryview(buffer)[: count or 0])
            return count

        def readall(self) -> bytes:
            content = super().readall()
            digest.update(content)
            return content

    with BufferedReader(Hashing(path)) as file:
        yield file
        while file.read(1024 * 1024):
            pass  # the digest is that of the whole file
    _note(path, digest.hexdigest())


def _note(path: str | os.PathLike[str], digest: str) -> None:
    noted = _noted.get()
    if noted is not None:
        name = os.fspath(path)
        noted[name] = digest if noted.get(name, digest) == digest else "several"


def open_regular(path: str | os.PathLike[str]) -> FileIO:
    """Open a regular file for reading, unbuffered. Raises OSError, whose `strerror` is for the user."""
    _require_regular(path, Path(path).stat())
    file = FileIO(os.open(path, _FLAGS))
    try:
        _require_regular(path, os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def read_regular(path: str | os.PathLike[str], most: int) -> bytes:
    """The content of a regular file of at most `most` bytes. Raises OSError."""
    typed = unsaved(path)
    if typed is not None:
        return typed
    with open_regular(path) as file:
        content = file.read(most + 1)  # also notices a file that has grown meanwhile
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most // 1024 // 1024} MiB", str(path))
    if _noted.get() is not None:
        import hashlib

        _note(path, hashlib.sha256(content).hexdigest())
    return content


def read_text(path: str | os.PathLike[str], most: int) -> str:
    """As `read_regular`, decoded from UTF-8, without byte order mark, line breaks as \\n. Raises UnicodeDecodeError."""
    return read_regular(path, most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def _require_regular(path: str | os.PathLike[str], status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
