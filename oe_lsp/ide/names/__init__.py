"""Names in an experience: the entity that each refers to, and its occurrences."""
