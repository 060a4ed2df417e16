"""Writes the log and the other files of a running run."""
