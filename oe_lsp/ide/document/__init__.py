"""One version of a document: its items, the cursor, and lookups that features share."""
