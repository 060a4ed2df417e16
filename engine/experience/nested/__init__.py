"""Experiences inside an experience."""
