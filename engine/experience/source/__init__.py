"""Positions in the text of an experience."""
