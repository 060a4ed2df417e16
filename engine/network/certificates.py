"""Trusted certificates: those of SSL_CERT_FILE and SSL_CERT_DIR, else of the system."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.network.variables import read
from engine.visible import visible

FILE = "SSL_CERT_FILE"
FOLDER = "SSL_CERT_DIR"
_MOST_BYTES = 64 * 1024 * 1024
_PEM = b"-----BEGIN"


def certificate_problems(environment: Mapping[str, str]) -> Iterator[str]:
    """Problems of the certificates that the environment names."""
    file, folder = read(environment, FILE), read(environment, FOLDER)
    if file is not None:
        problem = _file_problem(file)
        if problem is not None:
            yield f"{FILE} is {visible(file)}, {problem}; name a file of CA certificates in PEM format, or unset {FILE}"
    if folder is not None and file is None:
        # A folder is often set beside a file, and need not exist.
        problem = _folder_problem(folder)
        if problem is not None:
            yield f"{FOLDER} is {visible(folder)}, {problem}; name a folder of CA certificates, or unset {FOLDER}"


def trusted(environment: Mapping[str, str]) -> ssl.SSLContext | None:
    """The TLS context with the certificates that the environment names; None if it names none. Raises OSError."""
    file, folder = read(environment, FILE), read(environment, FOLDER)
    if file is None and folder is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file, folder)
    return context


def _file_problem(name: str) -> str | None:
    path = Path(name)
    try:
        if not path.exists():
            return "which does not exist"
        if not path.is_file():
            return "which is a folder" if path.is_dir() else "which is not a file"
        if path.stat().st_size > _MOST_BYTES or _PEM not in path.read_bytes():
            return "which contains no certificate in PEM format"
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        return f"whose certificates cannot be read ({error.reason or error})"
    except (OSError, ValueError) as error:
        return f"which cannot be read ({getattr(error, 'strerror', None) or error})"
    return None


def _folder_problem(name: str) -> str | None:
    """The problem of the folders, None if one of them can be used: OpenSSL takes several, separated as in PATH."""
    problems = [_one_folder_problem(folder) for folder in name.split(os.pathsep) if folder]
    return None if None in problems else problems[0] if problems else "which names no folder"


def _one_folder_problem(name: str) -> str | None:
    path = Path(name)
    try:
        if not path.exists():
            return "which does not exist"
        if not path.is_dir():
            return "which is not a folder"
        next(path.iterdir(), None)
    except (OSError, ValueError) as error:
        return f"which cannot be read ({getattr(error, 'strerror', None) or error})"
    return None
