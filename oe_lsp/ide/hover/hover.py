"""Hover: finds what is under the cursor (a key, name, path, condition or value) and describes it."""

from __future__ import annotations

from msgspec import Struct

from engine.experience.source.locate import key_text
from engine.expressions import Path
from engine.syntax import NodeKind, Span, View
from oe_lsp.ide import markdown
from oe_lsp.ide.document.cursor import Cursor, Part, cursor_at, path_is
from oe_lsp.ide.document.experience_index import ExperienceIndex
from oe_lsp.ide.document.schema_lookup import rule_at, values_of
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.hover.conditions import describe_condition, describe_path
from oe_lsp.ide.hover.entities import describe_entity
from oe_lsp.ide.hover.run_facts import describe_field_value, describe_inserted, describe_node_run
from oe_lsp.ide.hover.run_history import RunHistory
from oe_lsp.ide.names.symbol_references import (
    PROMPT,
    EntityKind,
    Language,
    Mention,
    language_of,
    mentions_of_value,
    paths_in,
)
from oe_lsp.ide.yaml_text import as_yaml

_NAMED_BY_KEY = (("state.schema.*", EntityKind.FIELD), ("args.properties.*", EntityKind.RUN_ARG))


class Hover(Struct, frozen=True):
    """Markdown to show, and the span it describes."""

    span: Span
    markdown: str

    @property
    def text(self) -> str:
        """The text without Markdown, for clients that show plain text."""
        return markdown.plain(self.markdown)


def hover(snapshot: Snapshot, offset: int, history: RunHistory | None = None) -> Hover | None:
    """Return the hover at `offset` (code points), or None. Works on any text. With `history`, it tells of runs, too."""
    cursor = cursor_at(snapshot, offset)
    index = ExperienceIndex(snapshot.analysis)
    if cursor is None or cursor.part is Part.GAP:
        return None
    found = _of_key(cursor, index, history) if cursor.part is Part.KEY else _of_value(cursor, index, history)
    return found if found and found.markdown else None


def _of_key(cursor: Cursor, index: ExperienceIndex, history: RunHistory | None) -> Hover | None:
    for pattern, kind in _NAMED_BY_KEY:
        if path_is(cursor.steps, pattern):
            return Hover(cursor.view.span, _of_name(kind, key_text(cursor.view), cursor, index, history))
    root = cursor.ancestors[0]
    rule = rule_at(cursor.steps, root)
    if rule is None:
        return None
    title = f"**{cursor.steps[-1]}**" if cursor.steps else ""
    return Hover(cursor.view.span, markdown.paragraphs([title, markdown.of_rule(rule)]))


def _of_value(cursor: Cursor, index: ExperienceIndex, history: RunHistory | None) -> Hover | None:
    root = cursor.ancestors[0] if cursor.ancestors else cursor.view
    if cursor.view.kind is not NodeKind.SCALAR:
        return None
    paths = paths_in(cursor.steps, cursor.view)
    path = next(((path, span) for path, span in paths if span.contains(cursor.offset)), None)
    mention = _mention_in(cursor, path[1] if path else Span(cursor.offset, cursor.offset))
    if path is not None:
        about = describe_path(path[0], index, cursor.item)
        inserted = _inserted(path[0], cursor, index, history)
        entity = describe_entity(mention.kind, mention.name, index, root, cursor.item) if mention else ""
        last = "" if inserted or mention is None else _last(mention.kind, mention.name, index, history)
        return Hover(path[1], markdown.paragraphs([about, inserted, entity, last]))
    if mention is not None:
        return Hover(mention.span, _of_name(mention.kind, mention.name, cursor, index, history))
    if language_of(cursor.steps, str(cursor.view.value)) is Language.EXPRESSION:
        return Hover(cursor.view.span, describe_condition(cursor.view, index))
    return _of_plain_value(cursor, root)


def _of_name(kind: EntityKind, name: str, cursor: Cursor, index: ExperienceIndex, history: RunHistory | None) -> str:
    root = cursor.ancestors[0] if cursor.ancestors else cursor.view
    entity = describe_entity(kind, name, index, root, cursor.item)
    return markdown.paragraphs([entity, _last(kind, name, index, history)]) if entity else ""


def _last(kind: EntityKind, name: str, index: ExperienceIndex, history: RunHistory | None) -> str:
    """What the shown run says of a node or field."""
    if history is None:
        return ""
    if kind is EntityKind.VERTEX:
        return describe_node_run(name, history)
    field = index.fields.get(name) if kind is EntityKind.FIELD else None
    return describe_field_value(name, field.merge, history) if field is not None else ""


def _inserted(path: Path, cursor: Cursor, index: ExperienceIndex, history: RunHistory | None) -> str:
    """What a placeholder inserted in the shown run; empty for other paths."""
    id_ = cursor.item.get("id") if cursor.item is not None else None
    if history is None or id_ is None or not path_is(cursor.steps, PROMPT):
        return ""
    node = next((node for node in index.experience.nodes if node.id == id_.value), None)
    return "" if node is None else describe_inserted(node, path, history)


def _of_plain_value(cursor: Cursor, root: View) -> Hover | None:
    rule = rule_at(cursor.steps, root)
    if rule is None:
        return None
    meaning = next((meaning for value, meaning in values_of(rule) if value == cursor.view.value), "")
    if meaning:
        return Hover(cursor.view.span, f"{markdown.code(as_yaml(cursor.view.value))}: {meaning}")
    says_itself = isinstance(cursor.view.value, str)
    return None if says_itself else Hover(cursor.view.span, markdown.of_rule(rule))


def _mention_in(cursor: Cursor, span: Span) -> Mention | None:
    """Return the first mention that overlaps or touches a span."""
    found = mentions_of_value(cursor.steps, cursor.view, cursor.item)
    return next((each for each in found if each.span.start <= span.end and span.start <= each.span.end), None)
