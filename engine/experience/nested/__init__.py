"""Experiences nested in an experience: their files, and what those declare."""
