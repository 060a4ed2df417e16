"""Runs as an editor shows them."""
