"""Runs as an editor shows them: code lenses, progress texts, reports."""
