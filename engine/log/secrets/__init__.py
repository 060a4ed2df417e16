"""Secrets, kept out of everything that a run writes."""
