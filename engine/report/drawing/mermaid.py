"""A picture as a Mermaid flowchart: phases, pipelines and loops as subgraphs, conditions on the edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.report.drawing.diagram import Box, Picture

_SHAPES = {
    "tool": ("[", "]"),
    "agent": ("(", ")"),
    "skill": ("([", "])"),
    "dataset": ("[(", ")]"),
    "experience": ("{{", "}}"),
    "cli-agent": ("[[", "]]"),
}
_COLOURS = {
    "tool": "fill:#e8f0fe,stroke:#4c7bd9,color:#1b2a4a",
    "agent": "fill:#f3e8fd,stroke:#9a5fd0,color:#38205a",
    "skill": "fill:#fde8f1,stroke:#d0538c,color:#55203a",
    "dataset": "fill:#e6f4ea,stroke:#46a05f,color:#173a22",
    "experience": "fill:#fef3e0,stroke:#d99a2b,color:#4d360c",
    "cli-agent": "fill:#e3f4f4,stroke:#2f9c9c,color:#0f3b3b",
}
_PLAIN = frozenset(" .,$_-=+*/()[]!'|…")
"""Unescaped characters of a quoted label, besides letters and digits. Mermaid interprets directives (`%%{`), comments,
statements (`style a:`) and entities even inside quotes, so all others are written as entities.
"""
_LONGEST_LABEL = 60


def mermaid(picture: Picture, direction: str = "TD") -> str:
    """The flowchart as Mermaid text. `direction` is TD or LR. Ids and texts are escaped."""
    names = {box.id: f"n{number}" for number, box in enumerate(_all_boxes(picture.boxes))}
    lines = [f"flowchart {direction}"]
    for phase, title in picture.phases.items():
        inside = [box for box in picture.boxes if box.phase == phase]
        if inside:
            lines.append(f'  subgraph p{len(lines)}["{_text(title)}"]')
            lines += [f"  {line}" for box in inside for line in _box_lines(box, names)]
            lines.append("  end")
    lines += [line for box in picture.boxes if box.phase is None for line in _box_lines(box, names)]
    for edge in picture.lines:
        label = f'|"{_text(edge.label)}"|' if edge.label else ""
        lines.append(f"  {names[edge.from_]} -->{label} {names[edge.to]}")
    lines += _class_lines(picture, names)
    return "\n".join(lines) + "\n"


def _box_lines(box: Box, names: dict[str, str]) -> Iterator[str]:
    if not box.parts:
        before, after = _SHAPES[box.kind]
        yield f'  {names[box.id]}{before}"{_label(box.id, box.notes)}"{after}'
        return
    is_loop = box.kind == "loop"
    title = " · ".join((f"{box.kind} {box.id}", *(() if is_loop else box.notes)))
    yield f'  subgraph {names[box.id]}["{_text(title)}"]'
    for part in box.parts:
        yield from (f"  {line}" for line in _box_lines(part, names))
    stages = [names[part.id] for part in box.parts]
    if is_loop:
        yield f'    {stages[0]} -.->|"{_text(", ".join(box.notes) or "again")}"| {stages[0]}'
    elif len(stages) > 1:
        yield f"    {' --> '.join(stages)}"
    yield "  end"


def _class_lines(picture: Picture, names: dict[str, str]) -> Iterator[str]:
    for kind, colours in _COLOURS.items():
        members = [names[box.id] for box in _all_boxes(picture.boxes) if box.kind == kind]
        if members:
            class_name = kind.replace("-", "")
            yield f"  classDef {class_name} {colours}"
            yield f"  class {','.join(members)} {class_name}"


def _all_boxes(boxes: Iterable[Box]) -> Iterator[Box]:
    for box in boxes:
        yield box
        yield from box.parts


def _label(name: str, notes: tuple[str, ...]) -> str:
    return "<br/>".join(_text(text) for text in (name, *notes))


def _text(text: str) -> str:
    """`text` on one line, escaped for Mermaid."""
    short = " ".join(text.split())
    short = short if len(short) <= _LONGEST_LABEL else short[: _LONGEST_LABEL - 1] + "…"
    plain = (character if character.isalnum() or character in _PLAIN else f"#{ord(character)};" for character in short)
    return "".join(plain)
