"""`oe/graph`: the graph of an open experience as data, for clients that draw it themselves."""

from __future__ import annotations

from collections.abc import Mapping

from lsprotocol import types

from engine.experience.files.disk import DiskFiles
from engine.experience.files.port import NO_FILES
from engine.log.reading.view import NodeView
from engine.report.drawing.diagram import Box, Picture, inner_picture, picture_of_analysis
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.document.vertex_places import vertex_places
from oe_lsp.server.features.command_arguments import require_run_id
from oe_lsp.server.session.session import Session
from oe_lsp.server.session.thread_calls import OverdueError, call_in_thread
from oe_lsp.server.transport.custom_messages import (
    GraphData,
    GraphEdge,
    GraphParams,
    GraphPhase,
    GraphResult,
    GraphVertex,
    read_params,
)
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.protocol import JsonText
from oe_lsp.server.transport.uris import path_of


async def graph(session: Session, given: object) -> JsonText:
    """A GraphResult: the graph of the text, or of the last one without errors, with the statuses in a run, if one is
    named.

    Raises JsonRpcInvalidParams, and RequestFailedError where the experience is not open, or never was without errors.
    """
    params = read_params(given, GraphParams)
    nodes: Mapping[str, NodeView] = {}
    if params.run_id is not None:
        _, view = await session.runs.read(params.uri, require_run_id(params.run_id))
        nodes = dict(view.nodes)
    newest = await session.documents.snapshot(params.uri)
    good = session.last_good.of(params.uri)
    if newest is None or good is None:
        reason = "This experience is not open." if newest is None else "The experience has errors. Correct them first."
        raise RequestFailedError(reason)
    try:
        return await call_in_thread(lambda: session.client.encode(_result(session, newest, good, nodes)))
    except OverdueError as error:
        raise RequestFailedError("The graph took too long and was given up.") from error


def _result(session: Session, newest: Snapshot, good: Snapshot, nodes: Mapping[str, NodeView]) -> GraphResult:
    path = path_of(good.uri)
    picture = picture_of_analysis(good.analysis, NO_FILES if path is None else DiskFiles(path.parent, path.name))
    assert picture is not None  # that of a good text
    positions = session.positions(newest.analysis.lines)
    places = {place.id: place.name_span for place in vertex_places(newest.analysis.tree.root)}
    ranges = {id_: positions.range(span) for id_, span in places.items()}
    return GraphResult(
        name=picture.name,
        vertices=_vertices(picture, ranges, nodes),
        edges=[GraphEdge(line.from_, line.to, line.label) for line in picture.lines],
        data=[GraphData(line.from_, line.to, list(line.fields)) for line in picture.data],
        phases=[GraphPhase(id_, title) for id_, title in picture.phases.items()],
        is_outdated=newest.version != good.version,
    )


def _vertices(picture: Picture, ranges: Mapping[str, types.Range], nodes: Mapping[str, NodeView]) -> list[GraphVertex]:
    return [
        GraphVertex(
            id=box.id,
            kind=box.kind,
            notes=list(box.notes),
            waits_for=list(picture.waits.get(box.id, ())),
            parts=_parts(box, ranges),
            phase=box.phase,
            range=ranges.get(box.id),
            status=nodes[box.id].effective_status().value if box.id in nodes else None,
            duration_ms=nodes[box.id].duration_ms if box.id in nodes else None,
        )
        for box in picture.boxes
    ]


def _parts(box: Box, ranges: Mapping[str, types.Range]) -> list[GraphVertex]:
    """The nodes inside; those of a nested experience are in another text."""
    inner = inner_picture(box)
    return [] if inner is None else _vertices(inner, ranges if box.parts else {}, {})
