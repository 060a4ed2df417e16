"""Hover: what is at an offset of a snapshot, in Markdown."""
