"""Prompts with `{{ path }}` placeholders: parses them with offsets, and fills them in. Knows no files."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct

from engine.expressions.located import Located
from engine.expressions.paths import Path, Scan, scan_bare_path, scan_path
from engine.expressions.values import MISSING, UNWRITTEN, Json, Missing, Unwritten, to_text
from engine.syntax.spans import Span


class Text(Located, frozen=True, eq=False):
    """Literal text of the template."""

    text: str
    span: Span


class Placeholder(Located, frozen=True, eq=False):
    """A `{{ path }}`; `text` and `span` include the braces."""

    ignored: ClassVar[frozenset[str]] = frozenset({"text", "span"})

    path: Path
    text: str
    span: Span


class TemplateError(Struct, frozen=True):
    """Text that looks like a placeholder but is not one, so it is left unchanged; the editor warns about it."""

    span: Span
    message: str


class Template(Struct, frozen=True):
    """A prompt as parts, which together are its text, and the text in it that only looks like a placeholder."""

    parts: tuple[Text | Placeholder, ...]
    errors: tuple[TemplateError, ...]

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """The placeholders in order of appearance."""
        return tuple([part for part in self.parts if isinstance(part, Placeholder)])


class Rendered(Struct, frozen=True):
    """A filled-in prompt; `unknown` placeholders were left unchanged, `unwritten` ones inserted nothing."""

    text: str
    unknown: tuple[Placeholder, ...]
    unwritten: tuple[Placeholder, ...]


def parse_template(text: str) -> Template:
    """Split a prompt into text and placeholders (docs/format.md, References and placeholders). Never raises.

    Only `{{ path }}` is a placeholder; its path may start with a bare name instead of a `$`.
    """
    parts: list[Text | Placeholder] = []
    errors: list[TemplateError] = []
    done = 0
    for braces in _BRACES.finditer(text):
        scan = _scan(braces)
        if scan is None or scan.path is None or scan.problem is not None or not braces.group("close"):
            errors.append(_error(braces, scan))
            continue
        if done < braces.start():
            parts.append(Text(text[done : braces.start()], Span(done, braces.start())))
        parts.append(Placeholder(scan.path, braces.group(), Span(*braces.span())))
        done = braces.end()
    if done < len(text):
        parts.append(Text(text[done:], Span(done, len(text))))
    return Template(tuple(parts), tuple(errors))


def render(template: Template, lookup: Callable[[Path], Json | Missing | Unwritten]) -> Rendered:
    """Fill in the placeholders: strings raw, everything else as compact JSON (docs/format.md, References).

    Where `lookup` returns MISSING, the placeholder is left unchanged; where it returns UNWRITTEN, nothing is inserted.
    Both are reported. Inserted text is not searched for placeholders.
    """
    pieces: list[str] = []
    unknown: list[Placeholder] = []
    unwritten: list[Placeholder] = []
    for part in template.parts:
        if isinstance(part, Text):
            pieces.append(part.text)
            continue
        value = lookup(part.path)
        if value is MISSING:
            unknown.append(part)
            pieces.append(part.text)
        elif value is UNWRITTEN:
            unwritten.append(part)
        else:
            pieces.append(to_text(value))
    return Rendered("".join(pieces), tuple(unknown), tuple(unwritten))


_BRACES = re.compile(r"\{\{(?!\{)(?P<inside>[^{}]*)(?P<close>\}\})?")


def _scan(braces: re.Match[str]) -> Scan | None:
    """The path between the braces, None where there is other text; offsets are those of the template."""
    inside = braces.group("inside")
    path_end = braces.start("inside") + len(inside.rstrip())
    at = path_end - len(inside.strip())
    text = braces.string
    scan = scan_path(text, at) if text.startswith("$", at) else scan_bare_path(text, at)
    return scan if scan is None or scan.problem is not None or scan.end == path_end else None


def _error(braces: re.Match[str], scan: Scan | None) -> TemplateError:
    inside = braces.group("inside").strip()
    if not braces.group("close"):
        first_line = braces.group().splitlines()[0].rstrip()
        span = Span(braces.start(), braces.start() + len(first_line))
        return TemplateError(span, "unclosed placeholder is left unchanged; write {{ name }}")
    span = Span(*braces.span())
    if scan is not None and scan.problem is not None:
        return TemplateError(span, f"placeholder is left unchanged: {scan.problem}")
    if not inside:
        return TemplateError(span, "empty placeholder is left unchanged; write {{ name }} or {{ $.field }}")
    shown = textwrap.shorten(inside, 40, placeholder="…")
    return TemplateError(
        span, f"`{shown}` is not a path and is left unchanged; write {{{{ name }}}} or {{{{ $.field }}}}"
    )
