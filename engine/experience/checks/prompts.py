"""The prompts of agents: placeholders that are never replaced, and reads that no placeholder uses (OE507, OE508).

The rules are those of engine/nodes/prompts.py, which fills in prompts in a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from engine.experience.checks.contexts import ItemContext
from engine.experience.checks.path_resolution import Environment, Scope, Unset, resolve, suggest
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
    """The text of a prompt, and the file that it is in; None if it is in the experience itself."""

    text: str
    file: str | None = None


def prompt_path(prompt: str, files: Files) -> str | None:
    """The path, existing or not, that a prompt is; None if it is the text itself."""
    return prompt if is_prompt_path(prompt, lambda path: files.entry(path) is Entry.FILE) else None


def prompt_of(node: Node, files: Files) -> Prompt | None:
    """The prompt of an agent or cli-agent; None for other kinds, and if its file cannot be read."""
    if not isinstance(node.spec, (AgentSpec, CliAgentSpec)):
        return None
    written = node.spec.prompt
    path = prompt_path(written, files)
    if path is None:
        return Prompt(written)
    text = files.text(path)
    return None if text is None or len(text) > _LONGEST_FILE else Prompt(text, path)


def check_prompt(context: ItemContext[Node]) -> Iterator[Problem]:
    """OE507, OE508 and OE601 for a node's prompt; problems in a file are shown at its path."""
    view, node, scope, env = context.view, context.model, context.inner, context.env
    prompt = prompt_of(node, env.files)
    if prompt is None:
        return
    if prompt.file is None and prompt.text.endswith(PATH_SUFFIXES) and "\n" not in prompt.text:
        yield _text_like_path(view, prompt.text, env.files)
    template = _parsed(prompt.text)
    for error in template.errors:
        shown = prompt.text[error.span.start : error.span.end]
        message = error.message if prompt.file is None else f"`{shown}`: {error.message}"
        yield _problem(prompt, view, error.span, message)
    placeholders = template.placeholders
    for placeholder in placeholders:
        unset = _unset(placeholder.path, node, scope, env)
        if unset is not None:
            data = {"suggestion": unset.suggestion} if unset.suggestion else {}
            message = f"`{placeholder.text}` is not replaced: {unset.reason}"
            yield _problem(prompt, view, unset.span, message, data)
    yield from _unused_reads(view, node, placeholders, prompt)


def _text_like_path(view: View, text: str, files: Files) -> Problem:
    """A note that the model gets this text and not the content of a file: most likely that is what is meant."""
    name = text.rsplit(maxsplit=1)[-1]
    content = f", not the content of `{name}`" if files.entry(name) is not Entry.NOTHING else ""
    message = f"this text is the prompt itself{content}, since no file has this name"
    return Problem(Code.MISSING_FILE, Severity.INFORMATION, message, locate(view, ("prompt",)).span)


def _unused_reads(view: View, node: Node, placeholders: tuple[Placeholder, ...], prompt: Prompt) -> Iterator[Problem]:
    named = {_first_name(placeholder) for placeholder in placeholders}
    where = f"`{prompt.file}`" if prompt.file else "the prompt"
    for position, field in enumerate(node.reads):
        if field not in named:
            message = f"{where} never uses `{{{{{field}}}}}`, so the agent does not see this field"
            span = locate(view, ("reads", position)).span
            yield Problem(Code.UNUSED_READ, Severity.HINT, message, span, data={"field": field})


def _first_name(placeholder: Placeholder) -> str | None:
    path = placeholder.path
    return str(path.steps[0].value) if path.root in (Root.STATE, Root.BARE) and path.steps else None


def _unset(path: Path, node: Node, scope: Scope, env: Environment) -> Unset | None:
    if path.root not in (Root.STATE, Root.BARE):
        found = resolve(path, scope, env)
        return found if isinstance(found, Unset) and found.severity is Severity.WARNING else None
    step = path.steps[0]
    name = str(step.value)
    if path.root is Root.BARE and (scope.senders is None or name in node.args or name in scope.senders):
        return None
    if name in node.reads:
        inner = inside(env.fields.get(name, {}), path.steps[1:])
        return Unset(inner.step.span, inner.reason) if isinstance(inner, Nowhere) else None
    if name in env.fields:
        return Unset(step.span, f"`{name}` is not listed in `reads`; add it there", name)
    names = node.reads if path.root is Root.STATE else (*node.args, *(scope.senders or ()), *node.reads)
    suggestion, end = suggest(name, names)
    return Unset(step.span, f"the node receives no `{name}`{end}", suggestion)


def _problem(prompt: Prompt, view: View, span: Span, message: str, data: dict[str, str] | None = None) -> Problem:
    place = locate(view, ("prompt",))
    if prompt.file is None:
        shown = span_inside(place.value, span) if place.value is not None else place.span
        return Problem(Code.UNKNOWN_PLACEHOLDER, Severity.WARNING, message, shown, data=data or {})
    line = prompt.text.count("\n", 0, span.start) + 1
    message = f"`{prompt.file}`, line {line}: {message}"
    return Problem(Code.UNKNOWN_PLACEHOLDER, Severity.WARNING, message, place.span, data=data or {})


@lru_cache(maxsize=2048)
def _parsed(text: str) -> Template:
    return parse_template(text)
