"""Names in an experience: what each refers to, and where it occurs."""
