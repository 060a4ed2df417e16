"""Offers names from other files: args and fields of nested experiences, functions of tools, MCP servers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from engine.experience.checks.dataset_sources import SERVERS
from engine.experience.checks.named_files import TOOL_SUFFIXES
from engine.experience.model import Kind
from engine.experience.nested.declarations import Declarations
from oe_lsp.ide import markdown
from oe_lsp.ide.completion.context import Context
from oe_lsp.ide.completion.offer import Offer, OfferKind, scalar
from oe_lsp.ide.document.tool_functions import functions
from oe_lsp.ide.document.value_types import type_text


def child_arg_offers(context: Context) -> Iterator[Offer]:
    """Yield the args of the nested experience as keys of `args`, required ones first."""
    child = _child(context) if context.is_at("graph.nodes.*.args") else None
    named = child.args.get("properties") if child is not None and child.args is not None else None
    if child is None or child.args is None or not isinstance(named, Mapping):
        return
    required = child.args.get("required")
    for name, rule in named.items():
        if name in context.present:
            continue
        shape = rule if isinstance(rule, Mapping) else {}
        needed = isinstance(required, list) and name in required and "default" not in shape
        detail = type_text(shape) + (", required" if needed else "")
        key = scalar(name, context.place)
        text = key if context.place.has_colon else f"{key}: "
        about = str(shape.get("description", ""))
        yield Offer(name, OfferKind.VARIABLE, text, context.place.span, detail, about, rank=0 if needed else 1)


def child_field_offers(context: Context) -> Iterator[Offer]:
    """Yield the fields of the nested experience as values of `outputs`."""
    child = _child(context) if context.is_at("graph.nodes.*.outputs.*") else None
    for name, shape in child.fields.items() if child is not None else ():
        about = str(shape.get("description", ""))
        text = scalar(name, context.place)
        yield Offer(name, OfferKind.FIELD, text, context.place.span, type_text(shape), about)


def function_offers(context: Context) -> Iterator[Offer]:
    """Yield the functions in a tool's file, after the colon that follows its path."""
    file, colon, _ = context.place.before.rpartition(":")
    if not colon or not context.is_at("graph.nodes.*.impl") or not file.endswith(TOOL_SUFFIXES):
        return
    text = context.files.text(file)
    if text is None:
        return
    place = context.place
    for name in functions(text, is_python=file.endswith(".py")):
        path = f"{file}:{name}"
        written = scalar(path, place) if place.quote else place.gap + path  # its colon needs no quotes
        yield Offer(name, OfferKind.FUNCTION, written, place.span, file, filter=path)


def server_offers(context: Context) -> Iterator[Offer]:
    """Yield the servers in mcp.json."""
    text = context.files.text(SERVERS) if context.is_at("graph.nodes.*.source.server") else None
    try:
        content = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return
    servers = content.get("servers") if isinstance(content, dict) else None
    for name, how in servers.items() if isinstance(servers, dict) else ():
        command = how.get("command") if isinstance(how, dict) else None
        about = markdown.code(command) if isinstance(command, str) else ""
        yield Offer(name, OfferKind.VARIABLE, scalar(name, context.place), context.place.span, SERVERS, about)


def _child(context: Context) -> Declarations | None:
    node = context.node
    kind, impl = (node.get(key) if node else None for key in ("kind", "impl"))
    if kind is None or impl is None or kind.value != Kind.EXPERIENCE.value or not isinstance(impl.value, str):
        return None
    file = context.snapshot.analysis.nested_file(impl.value, context.files)
    return file.declares if file else None
