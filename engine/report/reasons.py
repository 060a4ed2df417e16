"""The reasons in a log why executions of a resume ran, or were restored despite changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from engine.log.events.events import NodeCached, NodeStarted
from engine.log.humanize import place_text
from engine.log.reading.reader import Log

_MOST_PLACES = 5


def reason_lines(log: Log) -> Iterator[str]:
    """A line for each reason: `why analyse ran: prompt prompts/a.md changed`; items with the same reason share it."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for record in log.records:
        event = record.event
        if isinstance(event, (NodeStarted, NodeCached)) and event.reasons:
            verb = "ran" if isinstance(event, NodeStarted) else "was restored"
            key = event.node_id, verb, "; ".join(event.reasons)
            places.setdefault(key, []).append(place_text(event.node_id, event.scope))
    for (_, verb, reason), found in places.items():
        more = f" and {len(found) - _MOST_PLACES} more" if len(found) > _MOST_PLACES else ""
        yield f"why {', '.join(found[:_MOST_PLACES])}{more} {verb}: {reason}"
