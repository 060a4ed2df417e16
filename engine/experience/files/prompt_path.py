"""Tells a prompt that is the path of a file from one that is the text itself (docs/format.md, Prompts)."""

from __future__ import annotations

from collections.abc import Callable

PATH_SUFFIXES = (".md", ".txt")


def is_prompt_path(prompt: str, is_file: Callable[[str], bool]) -> bool:
    """Whether a prompt is a path: it looks like one, or is on one line and `is_file` knows such a file.

    `Summarise README.md` is text that ends with the name of a file; `prompts/in short.md` looks like a path.
    """
    if "\n" in prompt or not prompt:
        return False
    first, *more = prompt.split(maxsplit=1) or [""]
    looks_like_path = prompt.endswith(PATH_SUFFIXES) and (not more or "/" in first)
    return looks_like_path or is_file(prompt)
