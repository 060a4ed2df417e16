"""Two runs of an experience, compared."""
