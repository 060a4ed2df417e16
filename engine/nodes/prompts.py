"""The prompt of a node: a file or the text itself, and its placeholders filled in (docs/format.md, Prompts)."""

from __future__ import annotations

import difflib
from pathlib import Path

from engine.experience.files.prompt_path import is_prompt_path
from engine.expressions import (
    MISSING,
    UNWRITTEN,
    Json,
    Missing,
    Placeholder,
    Unwritten,
    parse_template,
    render,
)
from engine.expressions import Path as ValuePath
from engine.expressions.paths import Root
from engine.nodes.kind import NodeError, Watcher, Work
from engine.nodes.node_files import NamedFile, named_file, outside_warning
from engine.nodes.unknown_value import descend_known
from engine.regular_files import read_text

MOST_BYTES = 16 * 1024 * 1024
"""More than any model takes."""


def prompt_file(directory: Path, prompt: str) -> NamedFile | None:
    """The file that `prompt` names, which need not exist; None if `prompt` is the text itself."""
    is_path = is_prompt_path(prompt, lambda path: _is_file(named_file(directory, path).path))
    return named_file(directory, prompt) if is_path else None


def read_prompt(directory: Path, prompt: str, watcher: Watcher) -> str:
    """The text of the prompt. Raises NodeError if its file cannot be read."""
    file = prompt_file(directory, prompt)
    if file is None:
        return prompt
    if not file.inside:
        watcher.warning(outside_warning(file))
    try:
        return read_text(file.path, MOST_BYTES)
    except FileNotFoundError:
        message = f"{file.shown} does not exist; create it or correct `prompt`"
        raise NodeError("NoPrompt", message, retryable=False) from None
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file.shown} cannot be read as UTF-8 text: {error}"
        raise NodeError("NoPrompt", message, retryable=False) from error


def fill_prompt(text: str, work: Work, watcher: Watcher) -> str:
    """Fills in the placeholders of `text`; warns of those that stay or insert nothing."""
    template = parse_template(text)
    rendered = render(template, lambda path: look_up(work, path))
    warnings = [f"{text[error.span.start : error.span.end]}: {error.message}" for error in template.errors]
    warnings += [_unknown(placeholder, work) for placeholder in rendered.unknown]
    warnings += [
        f"{placeholder.text} inserts nothing: no earlier node has written that field"
        for placeholder in rendered.unwritten
    ]
    for warning in dict.fromkeys(warnings):
        watcher.warning(warning)
    return rendered.text


def look_up(work: Work, path: ValuePath) -> Json | Missing | Unwritten:
    """The value of `path` for the node: args before edge inputs before declared reads (docs/format.md, Prompts)."""
    given: dict[Root, Json] = {Root.ARGS: dict(work.run_args), Root.EDGES: dict(work.edges)}
    if work.item is not None:
        given |= {Root.ITEM: work.item.value, Root.INDEX: work.item.index}
    if work.pipeline is not None:
        given[Root.PIPELINE] = work.pipeline
    if work.loop is not None:
        given |= {Root.ITER: work.loop.iteration, Root.LOOP: work.loop.id}
    if path.root in given:
        return descend_known(given[path.root], path.steps)
    if path.root is Root.BARE:
        name = path.steps[0].value
        known = work.args if name in work.args else work.edges if name in work.edges else None
        return _read(work, path) if known is None else descend_known(dict(known), path.steps)
    return _read(work, path) if path.root is Root.STATE else MISSING


def _read(work: Work, path: ValuePath) -> Json | Missing | Unwritten:
    name = path.steps[0].value
    if name not in work.node.reads:
        return MISSING
    return descend_known(dict(work.reads), path.steps) if name in work.reads else UNWRITTEN


def _unknown(placeholder: Placeholder, work: Work) -> str:
    names = [*work.args, *work.edges, *work.node.reads]
    name = str(placeholder.path.steps[0].value) if placeholder.path.steps else ""
    close = difflib.get_close_matches(name, [known for known in names if known != name], n=1)
    hint = f"; did you mean {{{{{close[0]}}}}}?" if close else ""
    return f"{placeholder.text} is not an input of the node and stays as it is{hint}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the text is too long for a file name
        return False
