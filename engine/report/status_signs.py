"""The sign and the colour of each status."""

from __future__ import annotations

from engine.log.reading.view import NodeStatus

SIGNS = {
    NodeStatus.PENDING: ("·", "dim"),
    NodeStatus.RUNNING: ("▶", "blue"),
    NodeStatus.COMPLETED: ("✓", "green"),
    NodeStatus.CACHED: ("↺", "cyan"),
    NodeStatus.FAILED: ("✗", "red"),
    NodeStatus.SKIPPED: ("○", "dim"),
    NodeStatus.CANCELLED: ("■", "yellow"),
}
"""By status: one character, and the name of a terminal colour (or `dim`)."""
