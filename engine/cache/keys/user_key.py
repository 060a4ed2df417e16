"""The user's key on this machine. Secrets are hashed with it, so that nobody can guess them from a log alone
(docs/resume.md, Secrets). Reads and writes one file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from engine.user_folder import STATE_FOLDER_VARIABLE, state_folder

KEY_FILE = "secrets.key"
_BYTES = 32
_ID_DIGITS = 8
_CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class UserKey:
    """The key; never shown. `problem` says, for the user, why it could not be kept: then no other run has it."""

    content: bytes = field(repr=False)
    problem: str | None = None

    @property
    def id(self) -> str:
        """The id of the key in logs, which reveals nothing of the key."""
        return hashlib.sha256(b"the id of the key:" + self.content).hexdigest()[:_ID_DIGITS]


def user_key() -> UserKey:
    """The key in the user's state folder, created now if there is none."""
    return load_key(state_folder())


def load_key(folder: Path) -> UserKey:
    """The key in `folder`. Replaces a damaged one; if it cannot be kept, the key is valid for this process only."""
    path = folder / KEY_FILE
    try:
        content = _read(path)
        if len(content) != _BYTES:
            _make(path, replaces=len(content) > 0)
            content = _read(path)
        if len(content) == _BYTES:
            return UserKey(content)
        reason = "it does not stay as it was written"
    except OSError as error:
        reason = str(error.strerror)
    remedy = f"make it readable and its folder writable, or name another folder in {STATE_FOLDER_VARIABLE}"
    problem = f"no resume can compare secrets with those of this run, since {path} cannot be kept ({reason}); {remedy}"
    return UserKey(os.urandom(_BYTES), problem)


def _read(path: Path) -> bytes:
    """The content of the file, at most one byte more than a key; empty if there is no file. Raises OSError."""
    try:
        if path.parts[0].startswith("~"):
            raise OSError(0, "this user has no home folder")
        descriptor = os.open(path, os.O_RDONLY | _CAREFULLY)
    except FileNotFoundError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is no ordinary file")
        if hasattr(os, "fchmod") and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            with contextlib.suppress(OSError):
                os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR)
        return file.read(_BYTES + 1)


def _make(path: Path, *, replaces: bool) -> None:
    """Write a new key atomically. Of two processes that do so at once, one wins. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{KEY_FILE}.", dir=path.parent)  # for its owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            if not replaces:
                os.link(name, path)
                return
        except FileExistsError:
            return
        except OSError:  # a disk without hard links
            pass
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
