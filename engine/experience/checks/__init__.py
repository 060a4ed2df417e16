"""The checks of an experience, one file for each family of codes."""
