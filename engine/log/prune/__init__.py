"""Removal of old runs."""
