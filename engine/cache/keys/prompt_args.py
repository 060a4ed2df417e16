"""Finds the run args that a prompt inserts. Reads the prompt's file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from engine.expressions import parse_template
from engine.expressions.paths import Root
from engine.nodes.prompts import MOST_BYTES, prompt_file
from engine.regular_files import read_text


def args_inserted(directory: Path, prompt: str, names: Collection[str]) -> frozenset[str]:
    """Those of `names` that a prompt, which is a text or the path of one, inserts; all of them with `{{$args}}`."""
    file = prompt_file(directory, prompt)
    try:
        text = prompt if file is None else read_text(file.path, MOST_BYTES)
    except (OSError, UnicodeDecodeError):
        return frozenset()  # its node fails
    paths = [each.path for each in parse_template(text).placeholders if each.path.root is Root.ARGS]
    if any(not path.steps for path in paths):
        return frozenset(names)
    return frozenset(str(path.steps[0].value) for path in paths).intersection(names)
