"""Offers keys of the schema and state fields, and snippets of whole nodes, edges and other items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from oe_lsp.ide import markdown
from oe_lsp.ide.completion.context import Context
from oe_lsp.ide.completion.offer import Offer, OfferKind, escaped
from oe_lsp.ide.completion.place.place import Slot
from oe_lsp.ide.completion.providers import snippets
from oe_lsp.ide.document.schema_lookup import Key, item_rule, keys_of, types_of, values_of, variants
from oe_lsp.ide.yaml_text import as_yaml

_RETRIGGERS = frozenset(
    {"impl", "phase", "from", "to", "body", "source", "items", "model", "merge", "prompt", "schema"}
)


def key_offers(context: Context) -> Iterator[Offer]:
    """Yield the keys that may be added to the mapping at the place."""
    rule = context.rule
    if rule is None:
        return
    present = context.present
    for key in keys_of(rule):
        if key.name not in present:
            yield _offer(context, key)
    if context.is_at("state.schema"):
        yield from _undeclared_fields(context, present)
    if context.is_at("state.schema", "args.properties") and not context.place.has_colon:
        title = "field" if context.is_at("state.schema") else "arg"
        text = f"{context.place.gap}${{1:name}}: {{ type: ${{2:string}} \\}}"
        yield Offer(f"new {title}", OfferKind.SNIPPET, text, context.place.span, f"{title} snippet", is_snippet=True)
    if context.is_at("graph.nodes.*.outputs"):
        for field in context.experience.fields:
            if field.name not in present:
                text, _ = _with_value(context, field.name, {"type": "string"})
                yield Offer(field.name, OfferKind.FIELD, text, context.place.span, is_snippet=True)


def snippet_offers(context: Context) -> Iterator[Offer]:
    """Yield snippets of whole items, for the list at the place or for its empty item."""
    rule, place = context.rule, context.place
    items = item_rule(rule) if rule else None
    if place.slot is Slot.START and items is not None and "object" in types_of(items):
        for label, inner, fixed in _variants(items):
            yield _snippet_offer(context, f"- {label or _title(context)}", inner, fixed, dash="- ")
    elif rule is not None and "object" in types_of(rule) and not context.present and not place.before.strip(" -"):
        for label, inner, fixed in _variants(rule):
            yield _snippet_offer(context, label or _title(context), inner, fixed, dash="")


def _variants(rule: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], dict[str, Any]]]:
    """Yield the variants of a rule: label, rule with the example, and the values that are fixed."""
    found = False
    for value, inner in variants(rule):
        found = True
        key = rule["x-discriminator"]["property"]
        yield f"{value}", inner, {key: value}
    if not found and isinstance(rule.get("examples"), list) and isinstance(rule["examples"][0], dict):
        yield "", rule, {}


def _snippet_offer(context: Context, label: str, rule: Mapping[str, Any], fixed: dict[str, Any], dash: str) -> Offer:
    place = context.place
    example = rule["examples"][0]
    in_one_line = place.in_flow or place.slot is Slot.VALUE or context.is_at("graph.edges", "graph.edges.*")
    if in_one_line and not (place.in_flow and place.slot is Slot.KEY):
        text = snippets.flow(example, fixed)
    elif in_one_line:
        text = ", ".join(snippets.block_lines(example, fixed))
    else:
        break_ = "\n" + place.continuation_indent + " " * len(dash)
        text = break_.join(snippets.block_lines(example, fixed))
    return Offer(
        label,
        OfferKind.SNIPPET,
        place.gap + dash + text,
        place.span,
        detail=f"{_title(context)} snippet",
        documentation=markdown.paragraphs([str(rule.get("description", "")), markdown.block(_shown(example), "yaml")]),
        is_snippet=True,
        rank=0,
        filter=label,
    )


def _title(context: Context) -> str:
    """Return the name of an item at the place: `node` in `nodes`, `for_each` itself."""
    rule, steps = context.rule, context.place.steps
    name = next((step for step in reversed(steps) if isinstance(step, str)), "")
    is_item = isinstance(steps[-1], int) if steps else False
    return name.removesuffix("s") if is_item or (rule and types_of(rule) == {"array"}) else name


def _shown(example: Mapping[str, Any]) -> str:
    return "\n".join(f"{key}: {as_yaml(value)}" for key, value in example.items())


def _offer(context: Context, key: Key) -> Offer:
    text, retriggers = _with_value(context, key.name, key.rule)
    return Offer(
        key.name,
        OfferKind.KEY,
        text,
        context.place.span,
        detail="required" if key.is_required else "",
        documentation=markdown.of_rule(key.rule),
        is_snippet=True,
        rank=1 if key.is_required else 2,
        retriggers=retriggers,
    )


def _with_value(context: Context, name: str, rule: Mapping[str, Any]) -> tuple[str, bool]:
    """Return a key with the start of its value, and whether there are offers for the value."""
    place = context.place
    shown = place.gap + escaped(name)
    if place.has_colon:
        return shown, False
    types = types_of(rule)
    deeper = "\n" + place.continuation_indent + "  "
    if types == {"array"}:
        items = item_rule(rule)
        if items is None or "object" not in types_of(items) or place.in_flow:
            return f"{shown}: [$0]", bool(items) and name in {"reads", "writes", "stages", "env", "uses"}
        return f"{shown}:{deeper}- $0", True
    if types == {"object"} or "x-discriminator" in rule:
        return (f"{shown}: {{ $0 \\}}" if place.in_flow else f"{shown}:{deeper}$0"), True
    return f"{shown}: $0", bool(values_of(rule)) or name in _RETRIGGERS


def _undeclared_fields(context: Context, present: frozenset[str]) -> Iterator[Offer]:
    """Yield fields that are used but not declared."""
    parts = context.snapshot.analysis.parts
    sections = (parts.nodes, parts.edges, parts.pipelines, parts.loops) if parts else ()
    declared = present | {field.name for field in context.experience.fields}
    named = dict.fromkeys(field for section in sections for item in section.items for field in sorted(item.fields))
    for name in named:
        if name not in declared:
            text, _ = _with_value(context, name, {"type": "object"})
            yield Offer(name, OfferKind.FIELD, text, context.place.span, "not declared", is_snippet=True, rank=0)
