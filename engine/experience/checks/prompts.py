"""The prompts of agents: placeholders that name nothing that the node receives, and reads that no prompt names.

OE507 and OE508. The rules are those of engine/nodes/prompts.py, which fills prompts in.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from engine.experience.checks.path_lookup import Lost, Scope, World, look, stray
from engine.experience.files.port import Entry, Files
from engine.experience.files.prompt_path import PATH_SUFFIXES, is_prompt_path
from engine.experience.json_schema.inference import Nowhere, inside
from engine.experience.model import AgentSpec, CliAgentSpec, Node
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import locate, span_inside
from engine.expressions import Path, Placeholder, Root, Template, parse_template
from engine.syntax import Span, View

_LONGEST_FILE = 1024 * 1024


class Prompt(Struct, frozen=True):
    """The text of a prompt, and the file that it stands in; None where it stands in the experience itself."""

    text: str
    file: str | None = None


def prompt_path(prompt: str, files: Files) -> str | None:
    """The path that a prompt is, whether there is such a file or not; None where it is the text itself."""
    return prompt if is_prompt_path(prompt, lambda path: files.entry(path) is Entry.FILE) else None


def prompt_of(node: Node, files: Files) -> Prompt | None:
    """The prompt of an agent or cli-agent; None for other kinds, and where its file cannot be read."""
    if not isinstance(node.spec, (AgentSpec, CliAgentSpec)):
        return None
    written = node.spec.prompt
    path = prompt_path(written, files)
    if path is None:
        return Prompt(written)
    text = files.text(path)
    return None if text is None or len(text) > _LONGEST_FILE else Prompt(text, path)


def check_prompt(view: View, node: Node, scope: Scope, world: World) -> Iterator[Problem]:
    """The problems of a node's prompt; those in a file are shown at its path."""
    prompt = prompt_of(node, world.files)
    if prompt is None:
        return
    if prompt.file is None and prompt.text.endswith(PATH_SUFFIXES) and "\n" not in prompt.text:
        yield _text_like_a_path(view, prompt.text, world.files)
    template = _parsed(prompt.text)
    for error in template.errors:
        shown = prompt.text[error.span.start : error.span.end]
        message = error.message if prompt.file is None else f"`{shown}`: {error.message}"
        yield _problem(prompt, view, error.span, message)
    placeholders = template.placeholders
    for placeholder in placeholders:
        lost = _lost(placeholder.path, node, scope, world)
        if lost is not None:
            data = {"suggestion": lost.suggestion} if lost.suggestion else {}
            message = f"`{placeholder.text}` stays as it is: {lost.reason}"
            yield _problem(prompt, view, lost.span, message, data)
    yield from _unused_reads(view, node, placeholders, prompt)


def _text_like_a_path(view: View, text: str, files: Files) -> Problem:
    """A note, since it is most likely meant so: the model gets these words, and not what the file says."""
    name = text.rsplit(maxsplit=1)[-1]
    inside = f", and not what `{name}` says" if files.entry(name) is not Entry.NOTHING else ""
    message = f"the agent is asked these words{inside}: there is no file of this whole name"
    return Problem(Code.MISSING_FILE, Severity.INFORMATION, message, locate(view, ("prompt",)).span)


def _unused_reads(view: View, node: Node, placeholders: tuple[Placeholder, ...], prompt: Prompt) -> Iterator[Problem]:
    named = {_first_name(placeholder) for placeholder in placeholders}
    where = f"`{prompt.file}`" if prompt.file else "the prompt"
    for position, field in enumerate(node.reads):
        if field not in named:
            message = f"{where} never names `{{{{{field}}}}}`, so the agent does not see this field"
            span = locate(view, ("reads", position)).span
            yield Problem(Code.UNUSED_READ, Severity.HINT, message, span, data={"field": field})


def _first_name(placeholder: Placeholder) -> str | None:
    path = placeholder.path
    return str(path.steps[0].value) if path.root in (Root.STATE, Root.BARE) and path.steps else None


def _lost(path: Path, node: Node, scope: Scope, world: World) -> Lost | None:
    if path.root not in (Root.STATE, Root.BARE):
        found = look(path, scope, world)
        return found if isinstance(found, Lost) and found.severity is Severity.WARNING else None
    step = path.steps[0]
    name = str(step.value)
    if path.root is Root.BARE and (scope.senders is None or name in node.args or name in scope.senders):
        return None
    if name in node.reads:
        inner = inside(world.fields.get(name, {}), path.steps[1:])
        return Lost(inner.step.span, inner.reason) if isinstance(inner, Nowhere) else None
    if name in world.fields:
        return Lost(step.span, f"`reads` does not name `{name}`; add it there", name)
    names = node.reads if path.root is Root.STATE else (*node.args, *(scope.senders or ()), *node.reads)
    suggestion, end = stray(name, names)
    return Lost(step.span, f"the node receives nothing that is called `{name}`{end}", suggestion)


def _problem(prompt: Prompt, view: View, span: Span, message: str, data: dict[str, str] | None = None) -> Problem:
    place = locate(view, ("prompt",))
    if prompt.file is None:
        shown = span_inside(place.value, span) if place.value is not None else place.span
        return Problem(Code.UNKNOWN_PLACEHOLDER, Severity.WARNING, message, shown, data=data or {})
    line = prompt.text.count("\n", 0, span.start) + 1
    message = f"{prompt.file}, line {line}: {message}"
    return Problem(Code.UNKNOWN_PLACEHOLDER, Severity.WARNING, message, place.span, data=data or {})


@lru_cache(maxsize=2048)
def _parsed(text: str) -> Template:
    return parse_template(text)
