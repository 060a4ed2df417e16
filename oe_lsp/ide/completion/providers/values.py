"""Offers values: those that the schema lists, ids, fields, phases and models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from engine.experience.model import Node
from engine.experience.reading.sections import Section
from engine.llm.prices import prices
from oe_lsp.ide import markdown
from oe_lsp.ide.completion.context import Context
from oe_lsp.ide.completion.offer import Offer, OfferKind, scalar
from oe_lsp.ide.completion.place.place import Place, Slot
from oe_lsp.ide.document.schema_lookup import item_rule, types_of, values_of
from oe_lsp.ide.document.value_types import field_shape, type_text
from oe_lsp.ide.names.symbol_references import EntityKind

_PROVIDERS = ("anthropic", "openai")
_PROVIDER_OF_PROGRAM = {"claude-code": ("anthropic",), "codex": ("openai",), "gemini": ()}


def value_offers(context: Context) -> Iterator[Offer]:
    """Yield the values that the schema lists for the place, and the default."""
    rule, place = context.rule, context.place
    if rule is None:
        return
    values = values_of(rule)
    default = rule.get("default")
    for value, meaning in values:
        is_default = "default" in rule and value == default
        text = scalar(value, place)
        label = scalar(value, place).strip()
        detail = "default" if is_default else ""
        yield Offer(label, OfferKind.VALUE, text, place.span, detail, meaning or markdown.of_rule(rule), rank=0)
    if not values and types_of(rule) & {"integer", "number"}:
        suggested = [default] if default is not None else []
        for value in dict.fromkeys([*suggested, *rule.get("examples", ())]):
            detail = "default" if value == default else "example"
            yield Offer(str(value), OfferKind.VALUE, scalar(value, place), place.span, detail, markdown.of_rule(rule))


def name_offers(context: Context) -> Iterator[Offer]:
    """Yield the names in the experience that fit the place."""
    found = _provider_at(context)
    if found is not None:
        taken = _siblings(context)
        for offer in found(context):
            if offer.label not in taken:
                yield offer


def list_offers(context: Context) -> Iterator[Offer]:
    """Yield the first item of an empty list of names, in brackets or after a dash."""
    rule, place = context.rule, context.place
    items = item_rule(rule) if rule else None
    if items is None or types_of(items) - {"string"} or place.in_flow or place.quote or not types_of(items):
        return
    inner = Context(context.snapshot, _first_item(context), items, context.files, context.index)
    found = _provider_at(inner)
    before, after = ("- ", "") if place.slot is Slot.START else ("[", "]")
    for offer in found(inner) if found else ():
        text = f"{place.gap}{before}{offer.text.strip()}{after}"
        yield Offer(offer.label, offer.kind, text, place.span, offer.detail, offer.documentation, filter=offer.label)


def _first_item(context: Context) -> Place:
    return replace(context.place, steps=(*context.place.steps, 0), gap="")


def _provider_at(context: Context) -> Callable[[Context], Iterator[Offer]] | None:
    for patterns, provider in _PROVIDERS_BY_PATH:
        if context.is_at(*patterns):
            return provider
    return None


def _siblings(context: Context) -> frozenset[str]:
    """Return the names already in the same list, or the other end of the edge."""
    root, steps = context.snapshot.analysis.tree.root, context.place.steps
    if root is None or not steps:
        return frozenset()
    parent = root.find(steps[:-1])
    value = parent.value if parent else None
    if isinstance(value, list):
        here = context.place.before + context.place.after
        return frozenset(item for item in value if isinstance(item, str) and item != here)
    other = {"from": "to", "to": "from"}.get(str(steps[-1]))
    return frozenset({str(value[other])}) if isinstance(value, dict) and other in value else frozenset()


def _vertices(context: Context) -> Iterator[Offer]:
    parts = context.snapshot.analysis.parts
    if parts is not None:
        yield from _of_section(context, parts.nodes, "node")
        yield from _of_section(context, parts.pipelines, "pipeline")
        yield from _of_section(context, parts.loops, "loop")


def _nodes(context: Context) -> Iterator[Offer]:
    parts = context.snapshot.analysis.parts
    yield from _of_section(context, parts.nodes, "node") if parts else ()


def _of_section(context: Context, section: Section[Any], kind: str) -> Iterator[Offer]:
    models = {item.id.text: item.model for item in section.items if item.id is not None}
    for id_ in context.matching(models):
        yield _vertex(context, id_, models[id_], kind)


def _vertex(context: Context, id_: str, model: object, kind: str) -> Offer:
    place = context.place
    if not isinstance(model, Node):
        return Offer(id_, OfferKind.VERTEX, scalar(id_, place), place.span, kind)
    about = markdown.paragraphs(
        [
            model.description or "",
            f"reads {markdown.names(model.reads)}" if model.reads else "",
            f"writes {markdown.names(model.writes)}" if model.writes else "",
        ]
    )
    return Offer(id_, OfferKind.VERTEX, scalar(id_, place), place.span, model.kind.value, about)


def _fields(context: Context) -> Iterator[Offer]:
    for name in context.matching(context.snapshot.analysis.places.fields):
        field = context.index.fields.get(name)
        shape = field_shape(context.index, name)
        about = [str(shape.get("description", "")), f"merge: {field.merge.value}" if field else ""]
        text = scalar(name, context.place)
        yield Offer(name, OfferKind.FIELD, text, context.place.span, type_text(shape), markdown.paragraphs(about))


def _phases(context: Context) -> Iterator[Offer]:
    root = context.snapshot.analysis.tree.root
    phases = root.get("phases") if root else None
    for phase in phases.items() if phases else ():
        id_, title = phase.get("id"), phase.get("title")
        if id_ is not None and isinstance(id_.value, str):
            detail = str(title.value) if title else "phase"
            yield Offer(id_.value, OfferKind.PHASE, scalar(id_.value, context.place), context.place.span, detail)


def _models(context: Context) -> Iterator[Offer]:
    node = context.node
    program = node.get("provider") if node else None
    providers = _PROVIDER_OF_PROGRAM.get(str(program.value), _PROVIDERS) if program else _PROVIDERS
    for provider in providers:
        for model, price in prices(provider).items():
            cost = f"${price['input']:g} in, ${price['output']:g} out per million tokens"
            yield Offer(model, OfferKind.MODEL, scalar(model, context.place), context.place.span, provider, cost)


def _run_args(context: Context) -> Iterator[Offer]:
    declared = (context.experience.args_schema or {}).get("properties")
    for name in declared if isinstance(declared, dict) else ():
        yield Offer(name, OfferKind.VARIABLE, scalar(name, context.place), context.place.span, EntityKind.RUN_ARG.value)


def _answer_properties(context: Context) -> Iterator[Offer]:
    root = context.snapshot.analysis.tree.root
    schema = root.find(context.place.steps[:-2]) if root else None
    properties = schema.get("properties") if schema else None
    for name in properties.value if properties and isinstance(properties.value, dict) else ():
        yield Offer(str(name), OfferKind.KEY, scalar(str(name), context.place), context.place.span, "answer property")


_PROVIDERS_BY_PATH: tuple[tuple[tuple[str, ...], Callable[[Context], Iterator[Offer]]], ...] = (
    (("graph.edges.*.from", "graph.edges.*.to"), _vertices),
    (("graph.pipelines.*.stages.*", "graph.loops.*.body"), _nodes),
    (("graph.nodes.*.reads.*", "graph.nodes.*.writes.*"), _fields),
    (("graph.nodes.*.phase", "graph.pipelines.*.phase", "graph.loops.*.phase"), _phases),
    (("graph.nodes.*.model",), _models),
    (("args.required.*",), _run_args),
    (("graph.nodes.*.schema.required.*",), _answer_properties),
)
