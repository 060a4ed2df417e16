"""Prompts as they would be sent now, with the values of a run."""
