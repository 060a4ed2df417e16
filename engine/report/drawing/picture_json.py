"""The JSON of a picture, for clients that draw it themselves (docs/protocol.md, oe/graph)."""

from __future__ import annotations

from engine.json_types import Json
from engine.report.drawing.diagram import Box, Picture


def picture_to_json(picture: Picture) -> dict[str, Json]:
    """The nodes in topological order, the edges with their conditions, the data that flows, and the phases."""
    return {
        "name": picture.name,
        "nodes": [_box_to_json(box) for box in picture.boxes],
        "edges": [
            {"from": line.from_, "to": line.to, **({"when": line.label} if line.label else {})}
            for line in picture.lines
        ],
        "data": [{"from": line.from_, "to": line.to, "fields": list(line.fields)} for line in picture.data],
        "phases": [{"id": id_, "title": title} for id_, title in picture.phases.items()],
    }


def _box_to_json(box: Box) -> dict[str, Json]:
    """Keys without a value are left out. `parts` are the stages of a pipeline or the body of a loop."""
    written: dict[str, Json] = {
        "id": box.id,
        "kind": box.kind,
        "notes": list(box.notes),
        "phase": box.phase,
        "repeats": box.repeats,
        "parts": [_box_to_json(part) for part in box.parts],
        "inner": picture_to_json(box.inner) if box.inner is not None else None,
    }
    return {key: value for key, value in written.items() if value is not None and value != []}
