"""Loads the experience and the args of a command, with errors for the user."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click

from engine.canonical import NotJsonError, normalise
from engine.cli.options import OeError
from engine.experience.load import (
    ExperienceNotFoundError,
    InvalidExperienceError,
    Loaded,
    UnreadableExperienceError,
    load,
    load_alone,
)
from engine.json_types import Json


def load_valid(path: Path) -> Loaded:
    """The experience at `path`. Raises OeError if it is invalid."""
    return _loaded(lambda: load(path))


def load_drawable(path: Path) -> Loaded:
    """The experience at `path`, even if files that it names are missing. Raises OeError."""
    return _loaded(lambda: load_alone(path))


def _loaded(read: Callable[[], Loaded]) -> Loaded:
    try:
        return read()
    except ExperienceNotFoundError as error:
        raise not_found(error) from error
    except (UnreadableExperienceError, InvalidExperienceError) as error:
        raise OeError(str(error)) from error


def not_found(error: ExperienceNotFoundError) -> OeError:
    """The error, with the remedy."""
    return OeError(f"{error}. Give the folder of an experience, or create one with: oe init hello")


def parse_args(text: str) -> dict[str, Json]:
    """The value of --args, which `-` reads from stdin. Raises click.UsageError (exit code 2) for anything but a JSON
    object.
    """
    try:
        if text == "-":
            text = sys.stdin.buffer.read().decode()
        value = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f'--args is not JSON ({error}). Example: --args \'{{"city": "Oslo"}}\'') from error
    try:
        value = normalise(value)
    except NotJsonError as error:
        raise click.UsageError(f"--args: {error}") from error
    if not isinstance(value, dict):
        raise click.UsageError(f'--args must be a JSON object such as \'{{"city": "Oslo"}}\', not {text[:40]}')
    return value
