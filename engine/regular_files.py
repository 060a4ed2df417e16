"""Files that are read because somebody named them: regular ones only, so that no pipe is waited for and no device is
read for ever. Imports next to nothing: lists of runs begin here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextvars import ContextVar
from io import BufferedReader, FileIO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_BINARY", "O_NONBLOCK"))
"""O_NONBLOCK: where a pipe took the file's place since it was looked at, opening it must not wait for who writes."""


_noted: ContextVar[dict[str, str] | None] = ContextVar("_noted", default=None)


@contextlib.contextmanager
def noting_reads() -> Iterator[dict[str, str]]:
    """The digests of what is read while this lasts, by path: the SHA-256 of the bytes that were used."""
    noted: dict[str, str] = {}
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


@contextlib.contextmanager
def open_noted(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file to read it once, from its beginning to its end; what was read is noted. Raises OSError."""
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
            pass  # what is left
    _note(path, digest.hexdigest())


def _note(path: str | os.PathLike[str], digest: str) -> None:
    noted = _noted.get()
    if noted is not None:
        name = os.fspath(path)
        noted[name] = digest if noted.get(name, digest) == digest else "several"


def open_regular(path: str | os.PathLike[str]) -> FileIO:
    """Open a regular file to read it, unbuffered. Raises OSError; its `strerror` says what else lies there."""
    _require_regular(path, os.stat(path))
    file = FileIO(os.open(path, _FLAGS))
    try:
        _require_regular(path, os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def read_regular(path: str | os.PathLike[str], most: int) -> bytes:
    """The content of a regular file of at most so many bytes. Raises OSError."""
    with open_regular(path) as file:
        content = file.read(most + 1)  # one more than allowed finds a file that grew, too
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // 1024 // 1024} MiB", str(path))
    if _noted.get() is not None:
        import hashlib

        _note(path, hashlib.sha256(content).hexdigest())
    return content


def read_text(path: str | os.PathLike[str], most: int) -> str:
    """As `read_regular`, decoded as UTF-8, without a byte order mark, line breaks as \\n. Raises UnicodeDecodeError."""
    return read_regular(path, most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def _require_regular(path: str | os.PathLike[str], status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
