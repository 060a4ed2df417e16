"""What makes an editor ask for completion. Alone here, since a server's start needs it and nothing else of it."""

from __future__ import annotations

TRIGGERS = (":", " ", "-", "$", ".", "{", "[", '"', "'", "/", ",")
"""The characters after which an editor asks by itself; letters go without saying."""
