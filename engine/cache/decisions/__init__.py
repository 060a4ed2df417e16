"""Decides for each execution whether to restore or to run it."""
