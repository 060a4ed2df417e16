"""Hovers for entities: nodes, pipelines, loops, state fields, phases, args, files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.syntax import View
from oe_lsp.ide import markdown
from oe_lsp.ide.document.experience_index import ExperienceIndex
from oe_lsp.ide.document.value_types import args_shape, field_shape, members, type_text
from oe_lsp.ide.hover.neighbour_drawing import drawing
from oe_lsp.ide.names.symbol_references import EntityKind
from oe_lsp.ide.yaml_text import as_yaml


def describe_entity(kind: EntityKind, name: str, index: ExperienceIndex, root: View, node: View | None) -> str:
    """Describe an entity; empty if it does not exist. `node` is the node that names it."""
    match kind:
        case EntityKind.VERTEX:
            return _vertex(name, index, root)
        case EntityKind.FIELD:
            return _field(name, index)
        case EntityKind.RUN_ARG:
            return _run_arg(name, index)
        case EntityKind.NODE_ARG:
            return _node_arg(name, node)
        case EntityKind.PHASE:
            return _phase(name, index, root)
        case EntityKind.FILE:
            return f"{markdown.code(name)}: path relative to experience.yaml"


def _vertex(id_: str, index: ExperienceIndex, root: View) -> str:
    found = next(((kind, view) for kind, view in _vertices(root) if _text(view, "id") == id_), None)
    if found is None:
        return ""
    kind, view = found
    parts = [f"**{id_}** · {_text(view, 'kind') or kind}", _text(view, "description")]
    parts += [_data_flow(view, index), _nesting(id_, kind, view, index)]
    around = drawing(index.predecessors(id_), id_, index.successors(id_))
    return markdown.paragraphs([*parts, markdown.block(around) if around != id_ else ""])


def _vertices(root: View) -> Iterator[tuple[str, View]]:
    graph = root.get("graph")
    for key, kind in (("nodes", "node"), ("pipelines", "pipeline"), ("loops", "loop")):
        section = graph.get(key) if graph else None
        for view in section.items() if section else ():
            yield kind, view


def _data_flow(view: View, index: ExperienceIndex) -> str:
    """List the fields a node reads, with their writers, and those it writes, with their readers."""
    reads, writes = _names(view, "reads"), _names(view, "writes")
    id_ = _text(view, "id")
    lines = []
    for field in reads:
        from_ = markdown.names(writer for writer in index.writers(field) if writer != id_)
        lines.append(f"- reads {markdown.code(field)}{f' from {from_}' if from_ else ''}")
    for field in writes:
        to = markdown.names(use.reader for use in index.readers(field) if use.reader != id_)
        lines.append(f"- writes {markdown.code(field)}{f' for {to}' if to else ''}")
    return "\n".join(lines)


def _nesting(id_: str, kind: str, view: View, index: ExperienceIndex) -> str:
    """Describe what a pipeline or loop runs, or which of them runs the node."""
    if kind == "pipeline":
        stages = " → ".join(map(markdown.code, _names(view, "stages")))
        return f"Runs each item of {markdown.code(_text(view, 'items'))} through {stages}"
    if kind == "loop":
        until, most = _text(view, "until"), view.get("max_iters")
        ends = [f"until {markdown.code(until)}" if until else "", f"at most {most.value} times" if most else ""]
        return f"Repeats {markdown.code(_text(view, 'body'))} {', '.join(end for end in ends if end)}"
    each = view.get("for_each")
    pipeline = index.pipeline_of(id_)
    loop = index.loop_of(id_)
    return markdown.paragraphs(
        [
            f"Runs once per item of {markdown.code(_text(each, 'source'))}" if each else "",
            f"Stage of pipeline {markdown.code(pipeline.id)}" if pipeline else "",
            f"Repeated by loop {markdown.code(loop)}" if loop else "",
        ]
    )


def _field(name: str, index: ExperienceIndex) -> str:
    field = index.fields.get(name)
    if field is None:
        return ""
    shape = field_shape(index, name)
    writers = markdown.names(index.writers(name))
    reading = [f"{markdown.code(use.reader)} ({use.key})" for use in index.readers(name)]
    lines = [
        f"- merge: {markdown.code(field.merge.value)}",
        f"- default: {markdown.code(as_yaml(field.schema['default']))}" if field.has_default else "",
        "- persisted across runs" if field.persist else "",
        f"- written by {writers}" if writers else "- never written",
        f"- read by {', '.join(dict.fromkeys(reading))}" if reading else "- never read",
    ]
    head = f"**{name}** · state field · {type_text(shape)}"
    return markdown.paragraphs([head, str(shape.get("description", "")), "\n".join(line for line in lines if line)])


def _run_arg(name: str, index: ExperienceIndex) -> str:
    schema = args_shape(index)
    shape = dict(members(schema)).get(name)
    if shape is None:
        return ""
    required = schema.get("required")
    marks = ["required"] if isinstance(required, list) and name in required else []
    is_secret = shape.get("writeOnly") is True
    marks += [f"default {markdown.code(as_yaml(shape['default']))}"] if "default" in shape and not is_secret else []
    marks += ["secret"] if is_secret else []
    head = " · ".join([f"**{name}**", EntityKind.RUN_ARG.value, type_text(shape), *marks])
    return markdown.paragraphs([head, str(shape.get("description", ""))])


def _node_arg(name: str, node: View | None) -> str:
    args = node.get("args") if node else None
    given = args.get(name) if args else None
    return f"**{name}** · {EntityKind.NODE_ARG.value} · {markdown.code(as_yaml(given.value))}" if given else ""


def _phase(id_: str, index: ExperienceIndex, root: View) -> str:
    phases = root.get("phases")
    phase = next((phase for phase in (phases.items() if phases else ()) if _text(phase, "id") == id_), None)
    if phase is None:
        return ""
    title = _text(phase, "title")
    nodes = markdown.names(node.id for node in index.experience.nodes if node.phase == id_)
    head = f"**{id_}** · phase{f' · {title}' if title else ''}"
    return markdown.paragraphs([head, f"Nodes: {nodes}" if nodes else ""])


def _text(view: View, key: str) -> str:
    found = view.get(key)
    return found.value if found is not None and isinstance(found.value, str) else ""


def _names(view: View, key: str) -> list[str]:
    found: Any = view.get(key)
    value = found.value if found is not None else None
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
