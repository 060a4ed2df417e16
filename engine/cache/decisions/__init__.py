"""Restore or run."""
