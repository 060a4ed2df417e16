"""Semantic highlighting."""
