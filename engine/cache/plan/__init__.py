"""The plan of a resume."""
