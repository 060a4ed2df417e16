"""Hover: what stands at an offset of a snapshot, in Markdown."""

from __future__ import annotations

from oe_lsp.ide.hover.find import Hover, hover

__all__ = ["Hover", "hover"]
