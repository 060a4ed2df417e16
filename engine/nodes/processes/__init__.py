"""External programs under a supervisor."""
