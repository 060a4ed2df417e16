"""The phases that nodes are grouped under: those declared twice, and undeclared ones (OE301, OE308).

Notes only, since undeclared phases are shown as well (engine/report/drawing/diagram.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.experience.checks.contexts import DocumentContext
from engine.experience.checks.path_resolution import suggest
from engine.experience.model import Node
from engine.experience.problems import Code, Problem, Related, Severity
from engine.experience.reading.parts import Parts
from engine.experience.reading.sections import Section
from engine.syntax import View


def check_phases(document: DocumentContext) -> Iterator[Problem]:
    """OE301 and OE308; nothing if the experience declares no phases, or not all of them can be read."""
    declared = document.root.get("phases")
    ids = [phase.get("id") for phase in declared.items()] if declared is not None else []
    known = [id_ for id_ in ids if id_ is not None and isinstance(id_.value, str)]
    if not known or len(known) < len(ids):
        return
    first: dict[str, View] = {}
    for id_ in known:
        if first.setdefault(id_.value, id_) is not id_:
            message = f"the phase `{id_.value}` is declared twice; remove one"
            there = Related(first[id_.value].span, f"`{id_.value}` is first declared here")
            yield Problem(Code.DUPLICATE_ID, Severity.INFORMATION, message, id_.span, (there,))
    yield from _unknown(document.parts, frozenset(first))


def _unknown(parts: Parts, declared: frozenset[str]) -> Iterator[Problem]:
    certain = {None, *declared}
    sections: tuple[Section[Any], ...] = (parts.nodes, parts.pipelines, parts.loops)
    for section in sections:
        for position, item in enumerate(section.items):
            # The model is quicker to ask than the view, and there may be thousands of nodes.
            if item.view is None or (isinstance(item.model, Node) and item.model.phase in certain):
                continue
            phase = item.view.get("phase")
            if phase is None or not isinstance(phase.value, str) or phase.value in declared:
                continue
            suggestion, end = suggest(phase.value, declared)
            data = {"suggestion": suggestion} if suggestion else {}
            span = section.place(position, phase.span)
            message = f"there is no phase `{phase.value}`{end}"
            yield Problem(Code.UNKNOWN_PHASE, Severity.INFORMATION, message, span, data=data)
