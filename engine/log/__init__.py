"""The run log: events, an append-only writer, a tolerant reader, the lock that says who writes."""
