"""The events of a run log and their encoding."""
