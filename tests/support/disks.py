"""Disks that fail: at one write of one log, for all files of a process, or because they are really full."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

from engine.log.storage.disk import Disk, FileKind


class FailingDisk(Disk):
    """Writes as the system does, until it fails at the write number `at` to a log, with half of the line written."""

    def __init__(self, at: int, number: int = errno.ENOSPC) -> None:
        self.writes = 0
        self._at = at
        self._number = number

    def write(self, kind: FileKind, descriptor: int, data: memoryview) -> int:
        """Write, or fail half way."""
        if kind is not FileKind.LOG:
            return super().write(kind, descriptor, data)
        self.writes += 1
        if self.writes == self._at:
            os.write(descriptor, data[: len(data) // 2])
            raise OSError(self._number, os.strerror(self._number))
        return super().write(kind, descriptor, data)


class HastyDisk(Disk):
    """Takes no more than a few bytes at a time, as the system may."""

    def write(self, kind: FileKind, descriptor: int, data: memoryview) -> int:
        """Write seven bytes."""
        return super().write(kind, descriptor, data[:7])


def tiny_disks() -> bool:
    """Whether this machine lets a test mount a file system of its own."""
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        return False
    return subprocess.run(on_tiny_disk(["true"], Path("/mnt"), 64), capture_output=True, check=False).returncode == 0


def on_tiny_disk(command: list[str], folder: Path, kibibytes: int) -> list[str]:
    """`command`, in a world of its own in which `folder` is an empty disk of so many KiB; gone when it ends."""
    mount = 'mount -t tmpfs -o size="$1"k tmpfs "$2" && shift 2 && exec "$@"'
    return [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        mount,
        "sh",
        str(kibibytes),
        str(folder),
        *command,
    ]
