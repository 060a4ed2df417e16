"""Trigger characters of completion. Apart from the rest, since the server needs them at start-up."""

from __future__ import annotations

TRIGGERS = (":", " ", "-", "$", ".", "{", "[", '"', "'", "/", ",")
"""Characters other than letters after which an editor requests completion."""
