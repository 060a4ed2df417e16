"""Logs read, folded and indexed."""
