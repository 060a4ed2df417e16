"""Completion: what can be written at an offset of a snapshot."""
